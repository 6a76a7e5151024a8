import type { SnapshotFrom } from "xstate"
import type { conversationMachine } from "../../src/machines/conversation/conversation.ts"
import type { Turn } from "../../src/machines/conversation/conversation-context.ts"
import type {
  Aftermath,
  ConversationEvent,
  TurnKey,
  Verdict,
} from "../../src/machines/conversation/conversation-types.ts"

export type ConversationSnapshot = SnapshotFrom<typeof conversationMachine>

/** Moments that matter to the machine: the end of speech, soon enough after it to reopen the turn, and too late. */
const ENDED_MS = 1000
const SOON_MS = 1100
const LATE_MS = 9000

const verdicts: readonly Verdict[] = ["words", "phrase", "wake-only", "nothing", "not-for-us"]
const endings: readonly { readonly asksQuestion: boolean; readonly aftermath: Aftermath }[] = [
  { asksQuestion: false, aftermath: "none" },
  { asksQuestion: true, aftermath: "none" },
  { asksQuestion: false, aftermath: "mute" },
]

/**
 * What an answer at work can say next about its turn: a spoken one is understood first, each fact is told once, and
 * nothing follows the end.
 */
const answerEvents = (turn: Turn, consentId: string): readonly ConversationEvent[] => {
  const { turnId, revision, source, answering, verdict, clauseReady, written, drained } = turn
  const key = { turnId, revision }
  if (!answering) return []
  const played: ConversationEvent[] = drained ? [] : [{ type: "speaker.drained", ...key, nowMs: SOON_MS }]
  if (written) return played
  const understood: ConversationEvent[] = verdicts.map((one) => ({
    type: "turn.understood",
    ...key,
    verdict: one,
    nowMs: SOON_MS,
  }))
  const failed: ConversationEvent = { type: "turn.failed", ...key, reason: "died" }
  if (source === "voice" && verdict === undefined) return [...understood, failed]
  const ended: ConversationEvent[] = endings.map((ending) => ({ type: "turn.written", ...key, ...ending }))
  return [
    ...(verdict === undefined ? understood : []),
    ...(clauseReady ? [] : [{ type: "turn.clause" as const, ...key }]),
    ...ended,
    ...played,
    failed,
    { type: "turn.loading", ...key },
    { type: "turn.acting", ...key },
    { type: "turn.acted", ...key },
    { type: "turn.consent", ...key, consentId, expiresInMs: 20_000 },
  ]
}

/** Everything that can happen to a conversation in this state, with names for what is new in it. */
export const alphabet = (
  { context: { turn, probe, consent } }: ConversationSnapshot,
  fresh: { readonly turnId: string; readonly consentId: string },
): readonly ConversationEvent[] => {
  const { turnId, consentId } = fresh
  return [
    { type: "wake.detected", turnId, score: 0.9, inSpeech: false, atMs: ENDED_MS, nowMs: SOON_MS },
    { type: "wake.detected", turnId, score: 0.9, inSpeech: true, atMs: ENDED_MS, nowMs: SOON_MS },
    { type: "user.ptt", turnId, inSpeech: false, nowMs: ENDED_MS },
    { type: "user.ptt", turnId, inSpeech: true, nowMs: ENDED_MS },
    { type: "user.text", turnId },
    { type: "user.mute" },
    { type: "user.unmute" },
    { type: "user.cancel" },
    { type: "speech.started", turnId, atMs: SOON_MS, nowMs: SOON_MS },
    { type: "speech.started", turnId, atMs: LATE_MS, nowMs: LATE_MS },
    { type: "speech.resumed", turnId, atMs: SOON_MS, nowMs: SOON_MS },
    { type: "speech.resumed", turnId, atMs: LATE_MS, nowMs: LATE_MS },
    { type: "speech.paused", atMs: ENDED_MS, nowMs: ENDED_MS },
    { type: "speaker.stalled" },
    { type: "consent.judged", consentId: "stale" },
    { type: "consent.unheard", consentId: "stale", nowMs: SOON_MS },
    ...(turn === undefined ? [] : answerEvents(turn, consentId)),
    ...(probe === undefined ? [] : answerEvents(probe, consentId)),
    ...(consent === undefined || turn === undefined ? [] : repeated(turn, consent.consentId)),
    ...stale(turn, consentId),
  ]
}

/** The pending consent judged, found to be no answer, and asked for once more. */
const repeated = ({ turnId, revision }: TurnKey, consentId: string): readonly ConversationEvent[] => [
  { type: "consent.judged", consentId },
  { type: "consent.unheard", consentId, nowMs: SOON_MS },
  { type: "turn.consent", turnId, revision, consentId, expiresInMs: 20_000 },
]

/** Late news of what is over: the revision before this one, or a turn that is long gone. */
const stale = (turn: TurnKey | undefined, consentId: string): readonly ConversationEvent[] => {
  const key: TurnKey =
    turn === undefined
      ? { turnId: "gone", revision: 0 }
      : { turnId: turn.turnId, revision: turn.revision - 1 }
  return [
    { type: "turn.understood", ...key, verdict: "words", nowMs: SOON_MS },
    { type: "turn.clause", ...key },
    { type: "turn.written", ...key, asksQuestion: false, aftermath: "mute" },
    { type: "turn.failed", ...key, reason: "died" },
    { type: "turn.consent", ...key, consentId, expiresInMs: 20_000 },
    { type: "speaker.drained", ...key, nowMs: SOON_MS },
  ]
}

/** Anything that could be said about the turn in hand, the probe and their neighbours, in any order, true or not. */
export const rumours = (
  { context: { turn, probe } }: ConversationSnapshot,
  consentId: string,
): readonly ConversationEvent[] =>
  [turn, probe].flatMap((known) =>
    known === undefined ? [] : [-1, 0, 1].flatMap((by) => rumoursOf(known, by, consentId)),
  )

const rumoursOf = (
  { turnId, revision }: TurnKey,
  by: number,
  consentId: string,
): readonly ConversationEvent[] => {
  const key = { turnId, revision: revision + by }
  return [
    ...verdicts.map((verdict) => ({ type: "turn.understood" as const, ...key, verdict, nowMs: SOON_MS })),
    ...endings.map((ending) => ({ type: "turn.written" as const, ...key, ...ending })),
    { type: "turn.loading", ...key },
    { type: "turn.acting", ...key },
    { type: "turn.acted", ...key },
    { type: "turn.clause", ...key },
    { type: "turn.failed", ...key, reason: "died" },
    { type: "turn.consent", ...key, consentId, expiresInMs: 20_000 },
    { type: "speaker.drained", ...key, nowMs: SOON_MS },
  ]
}
