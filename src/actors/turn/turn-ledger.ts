import type { TurnKey, TurnOutcome, TurnSource } from "../../machines/conversation/conversation-types.ts"
import type { TurnRecord, TurnRoute } from "../../ports/turn.ts"
import { type TurnMarks, turnLatency } from "./turn-latency.ts"

/** What is known of a turn while it runs. Text lives here and nowhere in a machine. */
export interface OpenTurn {
  readonly turnId: string
  readonly source: TurnSource
  revision: number
  wake: { readonly score: number; readonly atMs: number } | undefined
  speech: { readonly startMs: number; readonly endMs: number } | undefined
  transcript: string
  confidence: number | undefined
  route: TurnRoute
  /** Written clauses, as they are spoken. */
  reply: string[]
  /** Stands in the conversation's history for what was heard: somebody else's words were in that. */
  remembered: string | undefined
  /** What is said if it fails, in the place of the general apology. */
  apology: string | undefined
  marks: TurnMarks
}

/** What one revision understands and writes. */
const unread = () => ({
  transcript: "",
  confidence: undefined,
  route: "none" as const,
  reply: [],
  remembered: undefined,
  apology: undefined,
  marks: {},
})

const blank = (turnId: string): OpenTurn => ({
  turnId,
  source: "voice",
  revision: 0,
  wake: undefined,
  speech: undefined,
  ...unread(),
})

/** The turns in progress, by id, and the record of each that ended. */
export class TurnLedger {
  readonly #open = new Map<string, OpenTurn>()
  #lastWake: { readonly turnId: string; readonly wake: NonNullable<OpenTurn["wake"]> } | undefined
  readonly #listeners = new Set<(record: TurnRecord) => void>()

  /** The wake word that may open a turn; forgotten with the next one if the machine does not take it. */
  noteWake(turnId: string, wake: { readonly score: number; readonly atMs: number }): void {
    this.#lastWake = { turnId, wake }
  }

  open(turnId: string, source: TurnSource): void {
    const wake = this.#lastWake?.turnId === turnId ? this.#lastWake.wake : undefined
    this.#open.set(turnId, { ...(this.#open.get(turnId) ?? blank(turnId)), source, wake })
  }

  /** The entry for one revision: a newer revision forgets what the older one understood and wrote. */
  revise({ turnId, revision }: TurnKey): OpenTurn {
    const turn = this.#entry(turnId)
    if (revision > turn.revision) Object.assign(turn, { revision, ...unread() })
    return turn
  }

  /**
   * The entry for a revision that is about the same words: what was understood stays, and why it failed; what was written
   * and measured goes.
   */
  restate({ turnId, revision }: TurnKey): void {
    const turn = this.#entry(turnId)
    if (revision > turn.revision)
      Object.assign(turn, { revision, reply: [], remembered: undefined, marks: {} })
  }

  mark(key: TurnKey, marks: TurnMarks): void {
    const turn = this.revise(key)
    if (turn.revision === key.revision) turn.marks = { ...turn.marks, ...marks }
  }

  /** Forgets what was never a turn: nobody is told. */
  forget(turnId: string): void {
    this.#open.delete(turnId)
  }

  /** Ends a turn and tells whoever listens. */
  close(
    { turnId, revision }: TurnKey,
    outcome: TurnOutcome,
    spoken: { heard: string; remembered?: string | undefined; audioMs: number },
  ): void {
    const turn = this.revise({ turnId, revision })
    this.#open.delete(turnId)
    const record: TurnRecord = {
      id: turnId,
      revision,
      source: turn.source,
      outcome,
      wake: turn.wake,
      speech: turn.speech,
      transcript: turn.transcript,
      confidence: turn.confidence,
      route: turn.route,
      reply: turn.reply.join(" "),
      heard: spoken.heard,
      remembered: turn.remembered ?? spoken.remembered,
      replyAudioMs: Math.round(spoken.audioMs),
      latency: turnLatency(turn.marks),
      interrupted: outcome === "interrupted",
    }
    for (const listener of this.#listeners) listener(record)
  }

  onClosed(listener: (record: TurnRecord) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** A barge-in is understood before it is known to be a turn, so the entry is made by whoever comes first. */
  #entry(turnId: string): OpenTurn {
    const known = this.#open.get(turnId)
    if (known !== undefined) return known
    const made = blank(turnId)
    this.#open.set(turnId, made)
    return made
  }
}
