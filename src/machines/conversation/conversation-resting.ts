import { conversationSetup } from "./conversation-actions.ts"
import { onSpeech } from "./conversation-speech.ts"

/** Between turns: waiting for the wake word, muted, or waiting for the answer to a question that Jett asked. */
export const restingStates = {
  listening: conversationSetup.createStateConfig({
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
  }),

  muted: conversationSetup.createStateConfig({
    on: {
      "user.unmute": { target: "listening", actions: "setUnmuted" },
      "user.text": { target: "thinking", actions: ["openTurnByText", "answer"] },
    },
  }),

  /** Jett asked something: the answer needs no wake word. */
  followUp: conversationSetup.createStateConfig({
    initial: "quiet",
    on: {
      "wake.detected": [
        {
          guard: "startsInSpeech",
          target: "waking.sameBreath",
          actions: ["noteTime", "dropProbe", "openTurnByWake"],
        },
        { target: "waking.waiting", actions: ["noteTime", "dropProbe", "openTurnByWake"] },
      ],
      "user.ptt": [
        {
          guard: "probeGoesOn",
          target: "transcribing.capturing",
          actions: ["noteTime", "promoteProbe"],
        },
        {
          guard: "startsInSpeech",
          target: "transcribing.capturing",
          actions: ["noteTime", "dropProbe", "openTurnByPtt"],
        },
        { target: "waking.waiting", actions: ["noteTime", "dropProbe", "openTurnByPtt"] },
      ],
      "user.text": { target: "thinking", actions: ["dropProbe", "openTurnByText", "answer"] },
    },
    states: {
      /** Too soon for an echo to be told from an answer. What begins here and goes on is taken up when the ear opens. */
      quiet: {
        after: { followUpDelay: "open" },
        on: {
          ...onSpeech({ guard: "hearsWhileSpeaking", actions: ["noteTime", "openProbe"] }),
          "speech.paused": { actions: ["noteTime", "dropProbe"] },
        },
      },
      open: {
        always: {
          guard: "hasProbe",
          target: "#conversation.dialogue.transcribing.capturing",
          actions: "promoteProbe",
        },
        after: { followUp: "#conversation.dialogue.ended" },
        on: {
          /** A quick answer: to the ear it goes on from what was heard last, be it Jett itself. */
          ...onSpeech({
            target: "#conversation.dialogue.transcribing.capturing",
            actions: ["noteTime", "openTurnBySpeech"],
          }),
        },
      },
    },
  }),
}
