import { conversationSetup } from "./conversation-actions.ts"
import { interruptionOfSpeech } from "./conversation-interruption.ts"
import { onSpeech } from "./conversation-speech.ts"

/** Speaking while the rest is written, and giving way to the user. */
export const speakingStates = {
  speaking: conversationSetup.createStateConfig({
    initial: "playing",
    entry: "openSpeech",
    after: {
      speaking: {
        target: "ended",
        actions: ["dropSpeech", "dropProbe", "closeTimedOut"],
      },
    },
    on: {
      ...interruptionOfSpeech("closeInterrupted"),
      "user.text": {
        target: "thinking",
        actions: ["dropSpeech", "dropProbe", "closeInterrupted", "openTurnByText", "answer"],
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
          ...onSpeech({
            guard: "hearsWhileSpeaking",
            target: "yielding",
            actions: ["noteTime", "openProbe"],
          }),
        },
      },
      /**
       * The user made a sound. Playback, its end and a question wait until it is known to be words or nothing. Words so
       * soon after the user's last are the rest of them: the turn is reopened, as it would be before Jett spoke.
       */
      yielding: {
        initial: "hearing",
        entry: "pausePlayback",
        after: {
          resume: [
            {
              guard: "probeGoesOnReopening",
              target: "#conversation.dialogue.transcribing.capturing",
              actions: ["dropSpeech", "dropProbe", "stopAnswer", "revise"],
            },
            {
              guard: "probeGoesOn",
              target: "#conversation.dialogue.transcribing.capturing",
              actions: ["dropSpeech", "closeInterrupted", "promoteProbe"],
            },
            { target: "playing", actions: ["dropProbe", "resumePlayback"] },
          ],
        },
        on: {
          /** The user says by hand that this is for Jett: from its first sound on. */
          "user.ptt": {
            guard: "probeGoesOn",
            target: "#conversation.dialogue.transcribing.capturing",
            actions: ["noteTime", "dropSpeech", "closeInterrupted", "promoteProbe"],
          },
        },
        states: {
          hearing: {
            after: {
              bargeInSpeech: [
                {
                  guard: "probeReopens",
                  target: "#conversation.dialogue.transcribing.capturing",
                  actions: ["dropSpeech", "dropProbe", "stopAnswer", "revise"],
                },
                {
                  target: "#conversation.dialogue.transcribing.capturing",
                  actions: ["dropSpeech", "closeInterrupted", "promoteProbe"],
                },
              ],
            },
            on: { "speech.paused": { target: "judging", actions: ["noteTime", "markProbePause"] } },
          },
          judging: {
            entry: "answerProbe",
            always: [
              {
                guard: "probeReopensWithWords",
                target: "#conversation.dialogue.transcribing.settling",
                actions: ["dropSpeech", "stopAnswer", "reviseToProbe", "dropProbe"],
              },
              {
                guard: "probeIsWords",
                target: "#conversation.dialogue.transcribing.settling",
                actions: ["dropSpeech", "closeInterrupted", "promoteProbe"],
              },
              {
                guard: "probeIsNothing",
                target: "#conversation.dialogue.speaking.playing",
                actions: ["dropProbe", "resumePlayback"],
              },
            ],
            on: {
              ...onSpeech({
                target: "hearing",
                actions: ["noteTime", "stopProbe", "reviseProbe"],
              }),
            },
          },
        },
      },
    },
  }),
}
