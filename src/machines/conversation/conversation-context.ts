import type {
  Aftermath,
  ConversationSettings,
  Notice,
  Part,
  TurnKey,
  TurnSource,
  Verdict,
} from "./conversation-types.ts"

/** What the machine knows of one turn: facts that events have recorded, read by guards. */
export interface Turn extends TurnKey {
  readonly source: TurnSource
  readonly fromMs: number
  /** When the wake word was noticed whose whole phrase the sound holds from `fromMs` on; undefined where it does not. */
  readonly wokenAtMs: number | undefined
  /** From when on the command is waited for; undefined where none is, because the user spoke of their own accord. */
  readonly waitsSinceMs: number | undefined
  /** The user has been told, or need not be told, that they are heard. */
  readonly acknowledged: boolean
  /** First silent sample after the speech; undefined while the user still speaks. */
  readonly pausedAtMs: number | undefined
  /** When Jett gave way to it in mid-reply, if it did. */
  readonly yieldedAtMs: number | undefined
  /** True once an `answerTurn` actor works on this revision. */
  readonly answering: boolean
  /** True once this revision was committed: only then may anything of it be heard or acted on. */
  readonly committed: boolean
  /** True once something was changed for it. */
  readonly acted: boolean
  readonly verdict: Verdict | undefined
  readonly clauseReady: boolean
  readonly written: boolean
  readonly drained: boolean
  readonly failed: boolean
  readonly asksQuestion: boolean
  readonly aftermath: Aftermath
  readonly notice: Notice | undefined
}

export interface ConversationContext {
  readonly settings: ConversationSettings
  readonly turn: Turn | undefined
  /** Speech that began while Jett spoke and is not yet known to be words. */
  readonly probe: Turn | undefined
  /** Latest time that an event carried; lets a delay be counted from a moment in the past. */
  readonly nowMs: number
  readonly muted: boolean
  readonly echoCancelled: boolean
  readonly down: readonly Part[]
  readonly consent: PendingConsent | undefined
}

interface PendingConsent extends CapturedAnswer {
  readonly consentId: string
  readonly expiresInMs: number
  /** Undefined while the question still sounds. */
  readonly questionEndMs: number | undefined
  /** What began while the last answer was being judged: taken up if that was none. */
  readonly next: CapturedAnswer | undefined
}

/** Sound by position on the audio clock; `toMs` is 0 while it goes on. */
interface CapturedAnswer {
  readonly fromMs: number
  readonly toMs: number
}

export const newTurn = (turnId: string, source: TurnSource, fromMs: number): Turn => ({
  turnId,
  revision: 0,
  source,
  fromMs,
  wokenAtMs: undefined,
  waitsSinceMs: undefined,
  acknowledged: false,
  pausedAtMs: undefined,
  yieldedAtMs: undefined,
  answering: false,
  committed: false,
  verdict: undefined,
  clauseReady: false,
  written: false,
  drained: false,
  acted: false,
  failed: false,
  asksQuestion: false,
  aftermath: "none",
  notice: undefined,
})

/** The next revision of a turn: same words so far, everything learned about them forgotten. */
export const nextRevision = ({
  turnId,
  revision,
  source,
  fromMs,
  waitsSinceMs,
  acknowledged,
  yieldedAtMs,
}: Turn): Turn => ({
  ...newTurn(turnId, source, fromMs),
  revision: revision + 1,
  waitsSinceMs,
  acknowledged,
  yieldedAtMs,
})

export const isSame = (turn: TurnKey | undefined, key: TurnKey): boolean =>
  turn !== undefined && turn.turnId === key.turnId && turn.revision === key.revision
