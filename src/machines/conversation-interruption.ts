/**
 * The user begins anew while a turn is in hand: by the wake word or by push-to-talk, whatever Jett is at. `close` says
 * what becomes of the turn that was.
 */
export const interruption = <const Close extends "closeInterrupted" | "closeCancelled">(close: Close) => {
  const end = ["noteTime", "dropSpeech", "dropProbe", close] as const
  return {
    "wake.detected": [
      {
        guard: "startsInSpeech",
        target: "#conversation.dialogue.waking.sameBreath",
        actions: [...end, "openTurnByWake"],
      },
      {
        guard: "listens",
        target: "#conversation.dialogue.waking.waiting",
        actions: [...end, "openTurnByWake"],
      },
    ],
    "user.ptt": {
      guard: "listens",
      target: "#conversation.dialogue.waking.waiting",
      actions: [...end, "openTurnByPtt"],
    },
  } as const
}
