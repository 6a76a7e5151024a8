import { conversationSetup } from "./conversation-actions.ts"
import { interruptionOfSpeech } from "./conversation-interruption.ts"

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
          "speech.resumed": [
            {
              guard: "reopensWhileSpeaking",
              target: "#conversation.dialogue.transcribing.capturing",
              actions: ["noteTime", "dropSpeech", "stopAnswer", "revise"],
            },
            { guard: "hearsWhileSpeaking", target: "yielding", actions: ["noteTime", "openProbe"] },
          ],
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
          resume: [
            {
              guard: "probeGoesOn",
              target: "#conversation.dialogue.transcribing.capturing",
              actions: ["dropSpeech", "closeInterrupted", "promoteProbe"],
            },
            { target: "playing", actions: ["dropProbe", "resumePlayback"] },
          ],
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
                actions: ["dropProbe", "resumePlayback"],
              },
            ],
            on: {
              "speech.resumed": {
                target: "hearing",
                actions: ["noteTime", "stopProbe", "reviseProbe"],
              },
              "speech.started": {
                target: "hearing",
                actions: ["noteTime", "stopProbe", "reviseProbe"],
              },
            },
          },
        },
      },
    },
  }),
}
