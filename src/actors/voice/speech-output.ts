import type { TurnKey } from "../../machines/conversation/conversation-types.ts"
import type { SpeechPcm } from "../../ports/audio.ts"
import { heardText } from "../../text/heard-text.ts"

/** What `SpeechOutput` needs of a player: clips in order, of which it can say how much was heard. */
export interface Player {
  /** Int16Array, mono, at the output's rate. */
  enqueue(clipId: string, samples: Int16Array): void
  pause(): void
  resume(): void
  /** Silence at once; forgets everything queued. Played ms of each clip that had begun. */
  flush(): ReadonlyMap<string, number>
}

export interface Spoken {
  /** What was played, cut at a word. */
  readonly heard: string
  /** The same without the questions that were asked; undefined where there was none. */
  readonly remembered?: string | undefined
  /** Length of all that was synthesised. */
  readonly audioMs: number
}

interface Clause {
  readonly clipId: string
  readonly text: string
  readonly samples: Int16Array
  readonly durationMs: number
  playedMs: number
  /** The consent that it asks for. */
  asks: string | undefined
  /** It is not to be heard any more, whatever of it was. */
  cut: boolean
}

interface Utterance {
  readonly key: TurnKey
  readonly clauses: Clause[]
  open: boolean
  complete: boolean
}

const nameOf = ({ turnId, revision }: TurnKey): string => `${turnId}/${revision}`
/** Nothing of it is still to be heard. */
const isOver = ({ playedMs, durationMs, cut }: Clause): boolean => cut || playedMs >= durationMs
const nothing: Spoken = { heard: "", audioMs: 0 }

/**
 * The gate between what is synthesised and what is heard: clauses of a turn wait here until the conversation opens
 * it, and go when the conversation drops it. One turn at most is open: the speaker has one owner.
 */
export class SpeechOutput {
  readonly #player: Player
  readonly #onDrained: (key: TurnKey) => void
  #paused = false
  readonly #utterances = new Map<string, Utterance>()

  constructor(player: Player, onDrained: (key: TurnKey) => void) {
    this.#player = player
    this.#onDrained = onDrained
  }

  /** Makes room for one revision's clauses; older revisions of the turn are superseded and go. */
  begin(key: TurnKey): void {
    this.#forget(key.turnId)
    this.#utterances.set(nameOf(key), { key, clauses: [], open: false, complete: false })
  }

  /** Adds a clause; of a turn that was superseded or closed meanwhile, nothing. */
  add(key: TurnKey, text: string, pcm: SpeechPcm): void {
    const utterance = this.#utterances.get(nameOf(key))
    if (utterance === undefined) return
    const clipId = `${nameOf(key)}#${utterance.clauses.length}`
    const durationMs = (pcm.samples.length * 1000) / pcm.rateHz
    const { samples } = pcm
    utterance.clauses.push({
      clipId,
      text,
      samples,
      durationMs,
      playedMs: 0,
      asks: undefined,
      cut: false,
    })
    utterance.complete = false
    if (utterance.open) this.#player.enqueue(clipId, samples)
  }

  /** The last clause is a question, and for now all there is to hear: its end opens the ear for the answer. */
  ask(key: TurnKey, consentId: string): void {
    const question = this.#utterances.get(nameOf(key))?.clauses.at(-1)
    if (question !== undefined) question.asks = consentId
    this.complete(key)
  }

  /** Silences a question that is over, and what was to be heard before it; what follows on it is heard at once. */
  cut(key: TurnKey, consentId: string): void {
    const utterance = this.#utterances.get(nameOf(key))
    if (utterance === undefined) return
    const { clauses, open } = utterance
    const last = clauses.findIndex(({ asks }) => asks === consentId)
    const unheard = clauses.slice(0, last + 1).filter((clause) => !isOver(clause))
    if (unheard.length === 0) return
    for (const clause of unheard) clause.cut = true
    if (!open) return
    this.#silence(utterance)
    this.#enqueue(utterance)
  }

  /** No clause will follow, so the end of the last one is the end of the turn's speech. */
  complete(key: TurnKey): void {
    const utterance = this.#utterances.get(nameOf(key))
    if (utterance === undefined) return
    utterance.complete = true
    this.#checkDrained(utterance)
  }

  /** Lets the turn be heard. Whatever else was open is dropped first. */
  open(key: TurnKey): void {
    for (const other of this.#utterances.values())
      if (other.open && nameOf(other.key) !== nameOf(key)) this.drop(other.key)
    const utterance = this.#utterances.get(nameOf(key))
    if (utterance === undefined || utterance.open) return
    utterance.open = true
    this.#enqueue(utterance)
    this.#checkDrained(utterance)
  }

  get isOpen(): boolean {
    return [...this.#utterances.values()].some(({ open }) => open)
  }

  /** Whether something is still to be heard of what was let through; the end of a question, for one, is silence. */
  get isPlaying(): boolean {
    return [...this.#utterances.values()].some(
      ({ open, clauses }) => open && clauses.some((clause) => !isOver(clause)),
    )
  }

  pause(): void {
    this.#paused = true
    this.#player.pause()
  }

  resume(): void {
    this.#paused = false
    this.#player.resume()
  }

  /** Silences the turn; what of it was played stays known until `close`. */
  drop(key: TurnKey): void {
    const utterance = this.#utterances.get(nameOf(key))
    if (utterance === undefined || !utterance.open) return
    utterance.open = false
    // After a turn that was played to its end there is nothing to take back, and some devices pay for it.
    if (!this.#paused && utterance.clauses.every(isOver)) return
    this.#silence(utterance)
  }

  /** Ends the turn here and says what of it was heard. */
  close(key: TurnKey): Spoken {
    this.drop(key)
    const utterance = this.#utterances.get(nameOf(key))
    this.#forget(key.turnId)
    if (utterance === undefined) return nothing
    const { clauses } = utterance
    const audioMs = clauses.reduce((sum, clause) => sum + clause.durationMs, 0)
    const told = clauses.filter(({ asks }) => asks === undefined)
    const remembered = told.length < clauses.length ? heardText(told) : undefined
    return { heard: heardText(clauses), remembered, audioMs }
  }

  /** The player's word that a clip was played to its end. */
  clipFinished(clipId: string): void {
    for (const utterance of this.#utterances.values()) {
      const clause = utterance.clauses.find((one) => one.clipId === clipId)
      if (clause === undefined) continue
      clause.playedMs = clause.durationMs
      this.#checkDrained(utterance)
    }
  }

  /** The turn that a clip belongs to, and whether it is its first. */
  ownerOf(clipId: string): { readonly key: TurnKey; readonly first: boolean } | undefined {
    for (const { key, clauses } of this.#utterances.values()) {
      const index = clauses.findIndex((one) => one.clipId === clipId)
      if (index >= 0) return { key, first: index === 0 }
    }
    return undefined
  }

  #enqueue({ clauses }: Utterance): void {
    for (const { clipId, samples } of clauses.filter((clause) => !isOver(clause)))
      this.#player.enqueue(clipId, samples)
  }

  #silence({ clauses }: Utterance): void {
    this.#paused = false
    const played = this.#player.flush()
    for (const clause of clauses) clause.playedMs = played.get(clause.clipId) ?? clause.playedMs
  }

  #forget(turnId: string): void {
    for (const [name, { key }] of this.#utterances) {
      if (key.turnId !== turnId) continue
      this.drop(key)
      this.#utterances.delete(name)
    }
  }

  #checkDrained({ key, open, complete, clauses }: Utterance): void {
    if (open && complete && clauses.every(isOver)) this.#onDrained(key)
  }
}
