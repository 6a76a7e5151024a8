import { conversationSetup } from "./conversation-actions.ts"
import { interruption, interruptionOfSpeech } from "./conversation-interruption.ts"
import { onSpeech } from "./conversation-speech.ts"

/** From the committed turn to the first clause: the answer is awaited, or the user's consent. */
export const thinkingStates = {
  thinking: conversationSetup.createStateConfig({
    initial: "working",
    entry: ["answer", "commit"],
    on: {
      ...interruption("closeCancelled"),
      ...onSpeech({
        guard: "reopens",
        target: "transcribing.capturing",
        actions: ["noteTime", "dropSpeech", "stopAnswer", "revise"],
      }),
      "turn.consent": { guard: "isCurrent", target: "confirming", actions: "rememberConsent" },
    },
    always: [
      {
        guard: "stillWaits",
        target: "waking.waiting",
        actions: ["dropSpeech", "stopAnswer", "captureAfterPause", "revise"],
      },
      { guard: "isNothing", target: "ended", actions: ["dropSpeech", "closeNothingHeard"] },
      {
        guard: "isWakeOnly",
        target: "waking.waiting",
        actions: ["dropSpeech", "stopAnswer", "captureAfterPause", "revise", "waitAnew"],
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
  }),

  confirming: conversationSetup.createStateConfig({
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
          ...interruptionOfSpeech("closeCancelled"),
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
          ...onSpeech({
            guard: "listens",
            target: "answering",
            actions: ["noteTime", "answerBegins"],
          }),
        },
      },
      answering: {
        after: { consent: "judging" },
        on: { "speech.paused": { target: "settling", actions: ["noteTime", "answerPauses"] } },
      },
      settling: {
        after: { answerSilence: "judging" },
        on: {
          ...onSpeech({ target: "answering", actions: ["noteTime", "answerGoesOn"] }),
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
  }),
}
