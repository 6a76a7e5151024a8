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
  /** Length of all that was synthesised. */
  readonly audioMs: number
}

interface Clause {
  readonly clipId: string
  readonly text: string
  readonly samples: Int16Array
  readonly durationMs: number
  playedMs: number
}

interface Utterance {
  readonly key: TurnKey
  readonly clauses: Clause[]
  open: boolean
  complete: boolean
}

const nameOf = ({ turnId, revision }: TurnKey): string => `${turnId}/${revision}`
const isPlayed = ({ playedMs, durationMs }: Clause): boolean => playedMs >= durationMs
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
    utterance.clauses.push({ clipId, text, samples: pcm.samples, durationMs, playedMs: 0 })
    utterance.complete = false
    if (utterance.open) this.#player.enqueue(clipId, pcm.samples)
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
    for (const { clipId, samples } of utterance.clauses) this.#player.enqueue(clipId, samples)
    this.#checkDrained(utterance)
  }

  get isOpen(): boolean {
    return [...this.#utterances.values()].some(({ open }) => open)
  }

  /** Whether something is still to be heard of what was let through; the end of a question, for one, is silence. */
  get isPlaying(): boolean {
    return [...this.#utterances.values()].some(
      ({ open, clauses }) => open && clauses.some((clause) => clause.playedMs < clause.durationMs),
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
    if (!this.#paused && utterance.clauses.every(isPlayed)) return
    this.#paused = false
    const played = this.#player.flush()
    for (const clause of utterance.clauses) clause.playedMs = played.get(clause.clipId) ?? clause.playedMs
  }

  /** Ends the turn here and says what of it was heard. */
  close(key: TurnKey): Spoken {
    this.drop(key)
    const utterance = this.#utterances.get(nameOf(key))
    this.#forget(key.turnId)
    if (utterance === undefined) return nothing
    const playedMs = utterance.clauses.reduce((sum, clause) => sum + clause.playedMs, 0)
    const audioMs = utterance.clauses.reduce((sum, clause) => sum + clause.durationMs, 0)
    return { heard: heardText(utterance.clauses, playedMs), audioMs }
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

  #forget(turnId: string): void {
    for (const [name, { key }] of this.#utterances) {
      if (key.turnId !== turnId) continue
      this.drop(key)
      this.#utterances.delete(name)
    }
  }

  #checkDrained({ key, open, complete, clauses }: Utterance): void {
    if (open && complete && clauses.every(isPlayed)) this.#onDrained(key)
  }
}
