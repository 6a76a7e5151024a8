type Close = "closeInterrupted" | "closeCancelled"

const endedBy = <const C extends Close>(close: C) => ["noteTime", "dropSpeech", "dropProbe", close] as const

/**
 * The user begins anew while a turn is in hand, by the wake word or by push-to-talk. `close` says what becomes of the
 * turn that was.
 */
export const interruption = <const C extends Close>(close: C) =>
  ({
    "wake.detected": [
      {
        guard: "startsInSpeech",
        target: "#conversation.dialogue.waking.sameBreath",
        actions: [...endedBy(close), "openTurnByWake"],
      },
      {
        guard: "listens",
        target: "#conversation.dialogue.waking.waiting",
        actions: [...endedBy(close), "openTurnByWake"],
      },
    ],
    "user.ptt": [
      {
        guard: "startsInSpeech",
        target: "#conversation.dialogue.transcribing.capturing",
        actions: [...endedBy(close), "openTurnByPtt"],
      },
      {
        guard: "listens",
        target: "#conversation.dialogue.waking.waiting",
        actions: [...endedBy(close), "openTurnByPtt"],
      },
    ],
  }) as const

/** The same in the middle of an answer to a question that still sounds; heard out, a wake word is a part of the answer. */
export const interruptionOfQuestion = {
  "wake.detected": [
    {
      guard: "startsInSpeechOverQuestion",
      target: "#conversation.dialogue.waking.sameBreath",
      actions: [...endedBy("closeCancelled"), "openTurnByWake"],
    },
    {
      guard: "listensOverQuestion",
      target: "#conversation.dialogue.waking.waiting",
      actions: [...endedBy("closeCancelled"), "openTurnByWake"],
    },
  ],
  "user.ptt": [
    {
      guard: "startsInSpeechOverQuestion",
      target: "#conversation.dialogue.transcribing.capturing",
      actions: [...endedBy("closeCancelled"), "openTurnByPtt"],
    },
    {
      guard: "listensOverQuestion",
      target: "#conversation.dialogue.waking.waiting",
      actions: [...endedBy("closeCancelled"), "openTurnByPtt"],
    },
  ],
} as const

/** The same while Jett speaks: where it hears itself, the sound up to the wake word holds its own words. */
export const interruptionOfSpeech = <const C extends Close>(close: C) => {
  const { "wake.detected": byWake, "user.ptt": byHand } = interruption(close)
  const overSpeech = {
    guard: "startsOverSpeech",
    target: "#conversation.dialogue.waking.overSpeech",
    actions: [...endedBy(close), "openTurnOverSpeech"],
  } as const
  return {
    "user.ptt": [overSpeech, ...byHand],
    "wake.detected": [
      overSpeech,
      {
        guard: "hearsItself",
        target: "#conversation.dialogue.waking.waiting",
        actions: [...endedBy(close), "openTurnOverSpeech"],
      },
      ...byWake,
    ],
  } as const
}
