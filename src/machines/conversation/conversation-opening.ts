import { assertEvent } from "xstate"
import { conversationBase as base } from "./conversation-base.ts"
import { type ConversationContext, newTurn, type Turn } from "./conversation-context.ts"
import type { ConversationEvent } from "./conversation-types.ts"

/** How far before the wake score's peak a command in the same breath is captured: it holds "Hey Jarvis", cut off later. */
const WAKE_PHRASE_MS = 1300

/**
 * The same over Jett's own voice: measured with Moonshine on such mixtures, more brings the rest of "Jarvis" and Jett's
 * words into the command, less cuts off its first word.
 */
const WAKE_TAIL_MS = 150

/** Opens the turn that an event makes. */
const openTurn = (turnOf: (event: ConversationEvent, context: ConversationContext) => Turn) =>
  base.enqueueActions(({ context, event, enqueue }) => {
    const turn = turnOf(event, context)
    const { turnId, source } = turn
    enqueue.assign({ turn })
    enqueue.emit({ type: "turn.opened", turnId, source })
    enqueue.emit({ type: "models.wanted", turnId })
  })

/** What opens a turn whose command is yet to come, over Jett's own voice: the wake word or the user's hand. */
const turnOverSpeech = (event: ConversationEvent): Turn => {
  assertEvent(event, ["wake.detected", "user.ptt"])
  const atMs = event.type === "user.ptt" ? event.nowMs : event.atMs
  return { ...spokenTurn(event.turnId, atMs, WAKE_TAIL_MS), waitsSinceMs: event.nowMs }
}

/** A turn by voice, its sound captured from so long before a moment of the audio clock. */
const spokenTurn = (turnId: string, atMs: number, beforeMs: number): Turn =>
  newTurn(turnId, "voice", Math.max(0, atMs - beforeMs))

/** A turn by voice that begins with the speech that an event tells of. */
const turnOfSpeech = (event: ConversationEvent, { settings }: ConversationContext): Turn => {
  assertEvent(event, ["speech.started", "speech.resumed"])
  return spokenTurn(event.turnId, event.atMs, settings.preRollMs)
}

/** How a turn begins, and from where on its sound is captured. */
export const openingActions = {
  openTurnByWake: openTurn((event) => {
    assertEvent(event, "wake.detected")
    const turn = spokenTurn(event.turnId, event.atMs, WAKE_PHRASE_MS)
    return { ...turn, wokenAtMs: event.atMs, waitsSinceMs: event.nowMs }
  }),
  openTurnOverSpeech: openTurn(turnOverSpeech),
  openTurnByPtt: openTurn((event, { settings }) => {
    assertEvent(event, "user.ptt")
    return { ...spokenTurn(event.turnId, event.nowMs, settings.preRollMs), waitsSinceMs: event.nowMs }
  }),
  openTurnBySpeech: openTurn(turnOfSpeech),
  openTurnByText: openTurn((event) => {
    assertEvent(event, "user.text")
    return newTurn(event.turnId, "text", 0)
  }),
  openProbe: base.assign(({ context, event }) => ({
    probe: { ...turnOfSpeech(event, context), yieldedAtMs: context.nowMs },
  })),
}
