import { conversationSetup } from "./conversation-actions.ts"
import { interruption, interruptionOfQuestion, interruptionOfSpeech } from "./conversation-interruption.ts"
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
        on: {
          "turn.loading": { guard: "isCurrent", target: "loading" },
          "turn.acting": { guard: "isCurrent", target: "acting" },
        },
      },
      /** A model loads cold, which may take longer than thinking may. */
      loading: {
        always: [
          { guard: "hasFailed", target: "apologising", actions: "stopAnswer" },
          { guard: "isWrittenUnspoken", target: "#conversation.dialogue.finished" },
        ],
        after: { loading: { target: "apologising", actions: "stopAnswer" } },
        on: { "turn.acting": { guard: "isCurrent", target: "acting" } },
      },
      /** What a tool has begun is not broken off because it takes long. */
      acting: {
        always: [
          { guard: "hasFailed", target: "apologising", actions: "stopAnswer" },
          { guard: "isWrittenUnspoken", target: "#conversation.dialogue.finished" },
        ],
        after: { acting: { target: "apologising", actions: "stopAnswer" } },
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
        actions: ["recordClause", "cutQuestion", "dropConsent"],
      },
      "turn.consent": {
        guard: "asksAnew",
        target: ".asking",
        actions: ["cutQuestion", "rememberConsent"],
      },
      "turn.failed": {
        guard: "isCurrent",
        target: "thinking.apologising",
        actions: ["recordFailure", "stopAnswer", "dropConsent"],
      },
    },
    states: {
      /** Where Jett does not hear itself, an answer may begin before the question has ended: the guard judges that too. */
      asking: {
        entry: "openSpeech",
        after: { asking: "judging" },
        on: {
          ...interruptionOfSpeech("closeCancelled"),
          ...onSpeech({
            guard: "hearsWhileSpeaking",
            target: "answering",
            actions: ["noteTime", "answerBegins"],
          }),
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
        on: {
          ...interruptionOfQuestion,
          "speech.paused": { target: "settling", actions: ["noteTime", "answerPauses"] },
          /** From here on the answer has as long as the guard gives it. */
          "speaker.drained": {
            guard: "isCurrent",
            target: "answering",
            reenter: true,
            actions: ["noteTime", "questionHeard"],
          },
        },
      },
      settling: {
        after: { answerSilence: "judging" },
        on: {
          ...interruptionOfQuestion,
          ...onSpeech({ target: "answering", actions: ["noteTime", "answerGoesOn"] }),
          "speaker.drained": { guard: "isCurrent", actions: ["noteTime", "questionHeard"] },
        },
      },
      judging: {
        entry: "judge",
        exit: "stopJudge",
        on: {
          ...onSpeech({ guard: "listens", actions: ["noteTime", "answerBeginsAgain"] }),
          "speech.paused": { actions: ["noteTime", "answerPausesAgain"] },
          "speaker.drained": { guard: "isCurrent", actions: ["noteTime", "questionHeard"] },
          "consent.judged": {
            guard: "isPendingConsent",
            target: "#conversation.dialogue.thinking.acting",
            actions: ["cutQuestion", "forgetConsent"],
          },
          "consent.unheard": { guard: "isPendingConsent", target: "goingOn", actions: "noteTime" },
        },
        after: { judging: "#conversation.dialogue.failed" },
      },
      /** What was heard was no answer: the question, or the wait for its answer, goes on. Passed through. */
      goingOn: {
        exit: "takeNextAnswer",
        always: [
          { guard: "answeredAgain", target: "settling" },
          { guard: "answersAgain", target: "answering" },
          { guard: "questionWasHeard", target: "hearing" },
          { target: "asking" },
        ],
      },
    },
  }),
}
