import { msToSamples, SAMPLE_RATE_HZ } from "./format.ts"

/**
 * The last N milliseconds of Int16 mono audio, addressed by absolute sample position (the audio clock's count).
 * Memory only: `forgetBefore` overwrites what was heard.
 */
export class RingBuffer {
  readonly capacity: number
  readonly #samples: Int16Array
  #end = 0
  #start = 0

  constructor(capacityMs: number, rateHz: number = SAMPLE_RATE_HZ) {
    const capacity = msToSamples(capacityMs, rateHz)
    if (!Number.isSafeInteger(capacity) || capacity < 1)
      throw new RangeError(`A ring buffer of ${capacityMs} ms holds no sample; give at least 1 ms.`)
    this.capacity = capacity
    this.#samples = new Int16Array(capacity)
  }

  /** Position of the oldest sample still kept. */
  get start(): number {
    return this.#start
  }

  /** Position one past the newest sample; the next `push` writes here. */
  get end(): number {
    return this.#end
  }

  /** Appends samples; the oldest give way. */
  push(samples: Int16Array): void {
    // Only the tail of an oversized push can be kept, but the position counts all of it.
    const kept = samples.length > this.capacity ? samples.subarray(samples.length - this.capacity) : samples
    const at = (this.#end + samples.length - kept.length) % this.capacity
    const first = kept.subarray(0, this.capacity - at)
    this.#samples.set(first, at)
    this.#samples.set(kept.subarray(first.length), 0)
    this.#end += samples.length
    this.#start = Math.max(this.#start, this.#end - this.capacity)
  }

  /**
   * Moves on to `position` without samples: what was lost in between reads as silence. A position already reached
   * changes nothing.
   */
  skipTo(position: number): void {
    const missing = position - this.#end
    if (missing <= 0) return
    this.push(new Int16Array(Math.min(missing, this.capacity)))
    if (missing > this.capacity) this.#rebase(position)
  }

  /**
   * A copy of [fromSample, toSample). Samples that are older than kept, or not yet heard, are left out: compare the
   * result's length, or `start` and `end`, to notice.
   */
  slice(fromSample: number, toSample: number): Int16Array {
    const from = Math.max(this.#start, fromSample)
    const to = Math.min(this.#end, toSample)
    if (to <= from) return new Int16Array(0)
    const out = new Int16Array(to - from)
    const at = from % this.capacity
    const first = this.#samples.subarray(at, Math.min(this.capacity, at + out.length))
    out.set(first, 0)
    out.set(this.#samples.subarray(0, out.length - first.length), first.length)
    return out
  }

  /** Overwrites what is older than `position`; positions go on counting. */
  forgetBefore(position: number): void {
    const to = Math.min(position, this.#end)
    if (to <= this.#start) return
    const from = this.#start % this.capacity
    const count = to - this.#start
    this.#samples.fill(0, from, Math.min(this.capacity, from + count))
    this.#samples.fill(0, 0, Math.max(0, from + count - this.capacity))
    this.#start = to
  }

  /** After a skip of more than the capacity all that is kept is silence, so only the positions need to move. */
  #rebase(position: number): void {
    this.#samples.fill(0)
    this.#end = position
    this.#start = position - this.capacity
  }
}
