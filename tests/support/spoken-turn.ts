import type { ConversationEvent, Verdict } from "../../src/machines/conversation/conversation-types.ts"
import { conversationRig, paused, started, wake } from "./conversation-rig.ts"

export const understood = (
  turnId: string,
  revision: number,
  verdict: Verdict,
  nowMs: number,
): ConversationEvent => ({
  type: "turn.understood",
  turnId,
  revision,
  verdict,
  nowMs,
})
export const clause = (turnId: string, revision = 0): ConversationEvent => ({
  type: "turn.clause",
  turnId,
  revision,
})
export const written = (
  turnId: string,
  revision = 0,
  rest: { asksQuestion?: boolean; aftermath?: "none" | "mute" } = {},
): ConversationEvent => ({
  type: "turn.written",
  turnId,
  revision,
  asksQuestion: rest.asksQuestion ?? false,
  aftermath: rest.aftermath ?? "none",
})
export const drained = (turnId: string, revision = 0): ConversationEvent => ({
  type: "speaker.drained",
  turnId,
  revision,
  nowMs: 0,
})

/** A rig that has heard the wake word and a command, and whose user has just fallen silent at 2,000 ms. */
export const afterSpeech = (options: Parameters<typeof conversationRig>[0] = {}) => {
  const rig = conversationRig(options)
  rig.send(wake(1000, "a"), started(1200), paused(2000))
  return rig
}

/** A rig that is speaking turn "a". */
export const whileSpeaking = (options: Parameters<typeof conversationRig>[0] = {}) => {
  const rig = afterSpeech(options)
  rig.send(understood("a", 0, "words", 2100))
  rig.clock.increment(600)
  rig.send(clause("a"))
  return rig
}
