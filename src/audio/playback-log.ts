/** A clip and how far it has come. `samples` is Int16 mono at the output's rate. */
export interface Clip {
  readonly id: string
  readonly samples: Int16Array
  /** Samples handed over to the device and not taken back. */
  handed: number
  /** Position in the log of its end, once all of it was handed over. */
  endsAt: number | undefined
  audible: boolean
  finished: boolean
}

interface Segment {
  /** Undefined for silence. */
  readonly clip: Clip | undefined
  count: number
}

/** More than any device holds; older segments have been heard. */
const KEPT_SAMPLES = 10 * 48_000

/** What was handed over to the device, in order, so that what it has not played can be taken back. */
export class PlaybackLog {
  #segments: Segment[] = []
  #kept = 0
  #handed = 0

  /** Samples handed over so far, silence included; grows and, by `takeBack`, shrinks. */
  get handed(): number {
    return this.#handed
  }

  append(clip: Clip | undefined, count: number): void {
    const last = this.#segments.at(-1)
    if (last !== undefined && last.clip === clip) last.count += count
    else this.#segments.push({ clip, count })
    this.#handed += count
    this.#kept += count
    while (this.#kept - (this.#segments[0]?.count ?? this.#kept) > KEPT_SAMPLES)
      this.#kept -= this.#segments.shift()?.count ?? 0
  }

  /** The last `count` samples were not played: their clips have to hand them over again. */
  takeBack(count: number): void {
    for (const [segment, taken] of this.#newest(count)) {
      segment.count -= taken
      this.#handed -= taken
      this.#kept -= taken
      // A finished clip was heard to its end; an estimate that disagrees must not make it begin again.
      if (segment.clip === undefined || segment.clip.finished) continue
      segment.clip.handed -= taken
      segment.clip.endsAt = undefined
    }
    this.#segments = this.#segments.filter((segment) => segment.count > 0)
  }

  /** How many of the last `count` samples belong to each clip. */
  unheardOf(count: number): ReadonlyMap<Clip, number> {
    const unheard = new Map<Clip, number>()
    for (const [{ clip }, taken] of this.#newest(count))
      if (clip !== undefined) unheard.set(clip, (unheard.get(clip) ?? 0) + taken)
    return unheard
  }

  #newest(count: number): readonly (readonly [Segment, number])[] {
    const newest: (readonly [Segment, number])[] = []
    let rest = count
    for (let i = this.#segments.length - 1; i >= 0 && rest > 0; i--) {
      const segment = this.#segments[i]
      if (segment === undefined) break
      const taken = Math.min(rest, segment.count)
      newest.push([segment, taken])
      rest -= taken
    }
    return newest
  }
}
