import { conversationSetup } from "./conversation-actions.ts"
import { onSpeech } from "./conversation-speech.ts"

/** Hearing the user out: from the wake word to the silence that ends the turn. */
export const hearingStates = {
  waking: conversationSetup.createStateConfig({
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
      /** As in the same breath, but up to here Jett has heard itself: a pause is the end of that, not of a command. */
      overSpeech: {
        after: { sameBreath: "#conversation.dialogue.transcribing.capturing" },
        on: {
          "speech.paused": {
            target: "waiting",
            actions: ["noteTime", "markPause", "captureAfterPause", "revise"],
          },
        },
      },
      waiting: {
        entry: "acknowledge",
        on: {
          ...onSpeech({
            target: "#conversation.dialogue.transcribing.capturing",
            actions: ["noteTime", "captureFromHere"],
          }),
        },
      },
    },
  }),

  transcribing: conversationSetup.createStateConfig({
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
          ...onSpeech({
            target: "capturing",
            actions: ["noteTime", "dropSpeech", "stopAnswer", "revise"],
          }),
        },
        states: {
          waiting: {
            always: [
              { guard: "isPhrase", target: "phrase" },
              {
                guard: "isWakeOnly",
                target: "#conversation.dialogue.waking.waiting",
                actions: ["stopAnswer", "captureAfterPause", "revise", "waitAnew"],
              },
            ],
            after: {
              silence: [
                {
                  guard: "stillWaits",
                  target: "#conversation.dialogue.waking.waiting",
                  actions: ["noteSilence", "dropSpeech", "stopAnswer", "captureAfterPause", "revise"],
                },
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
  }),
}
