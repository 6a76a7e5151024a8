import { conversationSetup } from "./conversation-actions.ts"

/**
 * The conversation: listening → waking → transcribing → thinking [→ confirming] → speaking → follow-up → listening.
 *
 * Events record facts about the turn in hand (in `dialogue.on`); the states read those facts. A late event of an
 * older turn or revision is not `isCurrent` and changes nothing. Runs on the audio clock.
 */
export const conversationMachine = conversationSetup.createMachine({
  id: "conversation",
  type: "parallel",
  context: ({ input }) => ({
    settings: input.settings,
    turn: undefined,
    probe: undefined,
    nowMs: 0,
    muted: false,
    echoCancelled: input.echoCancelled,
    down: [],
    consent: undefined,
  }),
  states: {
    dialogue: {
      initial: "listening",
      on: {
        "turn.understood": [
          { guard: "isCurrent", actions: ["noteTime", "recordVerdict"] },
          { guard: "isProbe", actions: ["noteTime", "recordProbeVerdict"] },
        ],
        "turn.clause": [
          { guard: "isCurrent", actions: "recordClause" },
          { guard: "isProbe", actions: "recordProbeClause" },
        ],
        "turn.written": [
          { guard: "isCurrent", actions: "recordWritten" },
          { guard: "isProbe", actions: "recordProbeWritten" },
        ],
        "turn.failed": [
          { guard: "isCurrent", actions: "recordFailure" },
          { guard: "isProbe", actions: "recordProbeFailure" },
        ],
        "turn.consent": { actions: "refuseConsent" },
        "speaker.drained": { guard: "isCurrent", actions: ["noteTime", "recordDrained"] },
        "user.unmute": { actions: "setUnmuted" },
        "user.cancel": {
          target: ".ended",
          actions: ["dropSpeech", "stopProbe", "forgetProbe", "closeCancelled"],
        },
        "user.mute": {
          target: ".muted",
          actions: ["dropSpeech", "stopProbe", "forgetProbe", "closeCancelled", "setMuted"],
        },
      },
      states: {
        listening: {
          on: {
            "wake.detected": [
              {
                guard: "startsInSpeech",
                target: "waking.sameBreath",
                actions: ["noteTime", "openTurnByWake"],
              },
              { target: "waking.waiting", actions: ["noteTime", "openTurnByWake"] },
            ],
            "user.ptt": [
              {
                guard: "startsInSpeech",
                target: "transcribing.capturing",
                actions: ["noteTime", "openTurnByPtt"],
              },
              { target: "waking.waiting", actions: ["noteTime", "openTurnByPtt"] },
            ],
            "user.text": { target: "thinking", actions: ["openTurnByText", "answer"] },
          },
        },

        muted: {
          on: {
            "user.unmute": { target: "listening", actions: "setUnmuted" },
            "user.text": { target: "thinking", actions: ["openTurnByText", "answer"] },
          },
        },

        waking: {
          initial: "waiting",
          after: { waking: { target: "ended", actions: ["dropSpeech", "closeNoSpeech"] } },
          states: {
            sameBreath: {
              after: { sameBreath: "#conversation.dialogue.transcribing.capturing" },
              on: {
                "speech.paused": {
                  target: "#conversation.dialogue.transcribing.settling",
                  actions: ["noteTime", "markPause"],
                },
              },
            },
            waiting: {
              on: {
                "speech.started": {
                  target: "#conversation.dialogue.transcribing.capturing",
                  actions: ["noteTime", "captureFromHere"],
                },
                "speech.resumed": {
                  target: "#conversation.dialogue.transcribing.capturing",
                  actions: ["noteTime", "captureFromHere"],
                },
              },
            },
          },
        },

        transcribing: {
          initial: "capturing",
          after: { utterance: "thinking" },
          states: {
            capturing: {
              on: { "speech.paused": { target: "settling", actions: ["noteTime", "markPause"] } },
            },
            /** Silence after speech. The answer is already being worked out; nothing of it is heard before the commit. */
            settling: {
              initial: "waiting",
              entry: "answer",
              on: {
                "speech.resumed": {
                  target: "capturing",
                  actions: ["noteTime", "dropSpeech", "stopAnswer", "revise"],
                },
                "speech.started": {
                  target: "capturing",
                  actions: ["noteTime", "dropSpeech", "stopAnswer", "revise"],
                },
              },
              states: {
                waiting: {
                  always: [
                    { guard: "isPhrase", target: "phrase" },
                    {
                      guard: "isWakeOnly",
                      target: "#conversation.dialogue.waking.waiting",
                      actions: ["stopAnswer", "captureAfterPause", "revise"],
                    },
                  ],
                  after: {
                    silence: [
                      {
                        guard: "isNothing",
                        target: "#conversation.dialogue.ended",
                        actions: ["dropSpeech", "closeNothingHeard"],
                      },
                      { target: "#conversation.dialogue.thinking" },
                    ],
                  },
                },
                phrase: { after: { phraseSilence: "#conversation.dialogue.thinking" } },
              },
            },
          },
        },

        thinking: {
          initial: "working",
          entry: ["answer", "commit"],
          on: {
            "speech.resumed": {
              guard: "reopens",
              target: "transcribing.capturing",
              actions: ["noteTime", "dropSpeech", "stopAnswer", "revise"],
            },
            "speech.started": {
              guard: "reopens",
              target: "transcribing.capturing",
              actions: ["noteTime", "dropSpeech", "stopAnswer", "revise"],
            },
            "turn.consent": { guard: "isCurrent", target: "confirming", actions: "rememberConsent" },
          },
          always: [
            { guard: "isNothing", target: "ended", actions: ["dropSpeech", "closeNothingHeard"] },
            {
              guard: "isWakeOnly",
              target: "waking.waiting",
              actions: ["dropSpeech", "stopAnswer", "captureAfterPause", "revise"],
            },
            { guard: "hasClause", target: "speaking" },
          ],
          states: {
            working: {
              always: [
                { guard: "hasFailed", target: "apologising", actions: "stopAnswer" },
                { guard: "isWrittenUnspoken", target: "#conversation.dialogue.finished" },
              ],
              after: { thinking: { target: "apologising", actions: "stopAnswer" } },
              on: { "turn.loading": { guard: "isCurrent", target: "loading" } },
            },
            /** A model loads cold, which may take longer than thinking may. */
            loading: {
              always: [
                { guard: "hasFailed", target: "apologising", actions: "stopAnswer" },
                { guard: "isWrittenUnspoken", target: "#conversation.dialogue.finished" },
              ],
              after: { loading: { target: "apologising", actions: "stopAnswer" } },
            },
            apologising: {
              entry: ["dropSpeech", "becomeNotice", "answer", "commit"],
              always: [{ guard: "isWrittenUnspoken", target: "#conversation.dialogue.failed" }],
              after: { notice: "#conversation.dialogue.failed" },
            },
          },
        },

        confirming: {
          initial: "asking",
          on: {
            /** The guard has decided without an answer, or asks for something else. */
            "turn.clause": {
              guard: "isCurrent",
              target: "speaking",
              actions: ["recordClause", "dropConsent"],
            },
            "turn.consent": { guard: "asksAnew", target: ".asking", actions: "rememberConsent" },
            "turn.failed": {
              guard: "isCurrent",
              target: "thinking.apologising",
              actions: ["recordFailure", "stopAnswer", "dropConsent"],
            },
          },
          states: {
            asking: {
              entry: "openSpeech",
              after: { asking: "judging" },
              on: {
                "speaker.drained": {
                  guard: "isCurrent",
                  target: "hearing",
                  actions: ["noteTime", "questionHeard"],
                },
              },
            },
            hearing: {
              after: { consent: "judging" },
              on: {
                "speech.started": {
                  guard: "listens",
                  target: "answering",
                  actions: ["noteTime", "answerBegins"],
                },
                "speech.resumed": {
                  guard: "listens",
                  target: "answering",
                  actions: ["noteTime", "answerBegins"],
                },
              },
            },
            answering: {
              after: { consent: "judging" },
              on: { "speech.paused": { target: "settling", actions: ["noteTime", "answerPauses"] } },
            },
            settling: {
              after: { answerSilence: "judging" },
              on: {
                "speech.resumed": { target: "answering", actions: "noteTime" },
                "speech.started": { target: "answering", actions: "noteTime" },
              },
            },
            judging: {
              entry: "judge",
              exit: "stopJudge",
              on: {
                "consent.judged": {
                  guard: "isPendingConsent",
                  target: "#conversation.dialogue.thinking",
                  actions: "forgetConsent",
                },
              },
              after: { judging: "#conversation.dialogue.failed" },
            },
          },
        },

        speaking: {
          initial: "playing",
          entry: "openSpeech",
          after: {
            speaking: {
              target: "ended",
              actions: ["dropSpeech", "stopProbe", "forgetProbe", "closeTimedOut"],
            },
          },
          on: {
            "wake.detected": [
              {
                guard: "startsInSpeech",
                target: "waking.sameBreath",
                actions: [
                  "noteTime",
                  "dropSpeech",
                  "stopProbe",
                  "forgetProbe",
                  "closeInterrupted",
                  "openTurnByWake",
                ],
              },
              {
                guard: "listens",
                target: "waking.waiting",
                actions: [
                  "noteTime",
                  "dropSpeech",
                  "stopProbe",
                  "forgetProbe",
                  "closeInterrupted",
                  "openTurnByWake",
                ],
              },
            ],
            "user.ptt": {
              guard: "listens",
              target: "waking.waiting",
              actions: [
                "noteTime",
                "dropSpeech",
                "stopProbe",
                "forgetProbe",
                "closeInterrupted",
                "openTurnByPtt",
              ],
            },
            "user.text": {
              target: "thinking",
              actions: [
                "dropSpeech",
                "stopProbe",
                "forgetProbe",
                "closeInterrupted",
                "openTurnByText",
                "answer",
              ],
            },
            "speaker.stalled": { target: "failed" },
            "turn.consent": { guard: "isCurrent", actions: "rememberConsent" },
          },
          states: {
            playing: {
              always: [
                { guard: "hasConsent", target: "#conversation.dialogue.confirming" },
                { guard: "isSpoken", target: "#conversation.dialogue.finished" },
              ],
              on: {
                "speech.resumed": {
                  guard: "reopensWhileSpeaking",
                  target: "#conversation.dialogue.transcribing.capturing",
                  actions: ["noteTime", "dropSpeech", "stopAnswer", "revise"],
                },
                "speech.started": [
                  {
                    guard: "reopensWhileSpeaking",
                    target: "#conversation.dialogue.transcribing.capturing",
                    actions: ["noteTime", "dropSpeech", "stopAnswer", "revise"],
                  },
                  { guard: "hearsWhileSpeaking", target: "yielding", actions: ["noteTime", "openProbe"] },
                ],
              },
            },
            /** The user made a sound. Playback, its end and a question wait until it is known to be words or nothing. */
            yielding: {
              initial: "hearing",
              entry: "pausePlayback",
              after: {
                resume: { target: "playing", actions: ["stopProbe", "forgetProbe", "resumePlayback"] },
              },
              states: {
                hearing: {
                  after: {
                    bargeInSpeech: {
                      target: "#conversation.dialogue.transcribing.capturing",
                      actions: ["dropSpeech", "closeInterrupted", "promoteProbe"],
                    },
                  },
                  on: { "speech.paused": { target: "judging", actions: ["noteTime", "markProbePause"] } },
                },
                judging: {
                  entry: "answerProbe",
                  always: [
                    {
                      guard: "probeIsWords",
                      target: "#conversation.dialogue.transcribing.settling",
                      actions: ["dropSpeech", "closeInterrupted", "promoteProbe"],
                    },
                    {
                      guard: "probeIsNothing",
                      target: "#conversation.dialogue.speaking.playing",
                      actions: ["stopProbe", "forgetProbe", "resumePlayback"],
                    },
                  ],
                  on: {
                    "speech.resumed": {
                      target: "hearing",
                      actions: ["noteTime", "stopProbe", "reviseProbe"],
                    },
                  },
                },
              },
            },
          },
        },

        /** The turn is over and was spoken, or had nothing to say. Passed through, never stayed in. */
        finished: {
          always: [
            { guard: "wantsMute", target: "muted", actions: ["dropSpeech", "closeAnswered", "setMuted"] },
            { guard: "opensFollowUp", target: "followUp", actions: ["dropSpeech", "closeAnswered"] },
            { target: "ended", actions: ["dropSpeech", "closeAnswered"] },
          ],
        },
        failed: {
          always: { target: "ended", actions: ["dropSpeech", "stopProbe", "forgetProbe", "closeFailed"] },
        },
        ended: {
          always: [{ guard: "isMuted", target: "muted" }, { target: "listening" }],
        },

        /** Jett asked something: the answer needs no wake word. */
        followUp: {
          initial: "quiet",
          on: {
            "wake.detected": [
              {
                guard: "startsInSpeech",
                target: "waking.sameBreath",
                actions: ["noteTime", "openTurnByWake"],
              },
              { target: "waking.waiting", actions: ["noteTime", "openTurnByWake"] },
            ],
            "user.ptt": { target: "waking.waiting", actions: ["noteTime", "openTurnByPtt"] },
            "user.text": { target: "thinking", actions: ["openTurnByText", "answer"] },
          },
          states: {
            quiet: { after: { followUpDelay: "open" } },
            open: {
              after: { followUp: "#conversation.dialogue.ended" },
              on: {
                "speech.started": {
                  target: "#conversation.dialogue.transcribing.capturing",
                  actions: ["noteTime", "openTurnBySpeech"],
                },
              },
            },
          },
        },
      },
    },

    health: {
      initial: "healthy",
      on: {
        "part.down": { actions: "recordDown" },
        "part.up": { actions: "recordUp" },
        "echo.changed": { actions: "recordEcho" },
      },
      states: {
        healthy: { always: { guard: "isDegraded", target: "degraded" } },
        degraded: { always: { guard: "isHealthy", target: "healthy" } },
      },
    },
  },
})
