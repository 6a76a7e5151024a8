import type { Clock } from "../../ports/clock.ts"

/**
 * Puts moments of the audio clock on the monotonic one, so that a turn's latency can be told in one time.
 * Where the audio clock is simulated (a file read faster or slower than it sounds) audio time is the time.
 */
export class Timebase {
  readonly simulated: boolean
  readonly #audio: Clock
  readonly #monotonic: Clock
  /** Smallest seen `monotonic − audio`: a frame is never early, so the least delayed one is the truest. */
  #offsetMs = Number.POSITIVE_INFINITY
  #framesSinceRebase = 0

  constructor(options: { audio: Clock; monotonic: Clock; simulated: boolean }) {
    this.#audio = options.audio
    this.#monotonic = options.monotonic
    this.simulated = options.simulated
  }

  /** Called when a frame that ends at `audioMs` arrives. Forgets the past every minute, because clocks drift. */
  frameArrived(audioMs: number): void {
    if (++this.#framesSinceRebase > 2000) {
      this.#framesSinceRebase = 0
      this.#offsetMs = Number.POSITIVE_INFINITY
    }
    this.#offsetMs = Math.min(this.#offsetMs, this.#monotonic.now() - audioMs)
  }

  /** Now, in ms of the time that latencies are told in. */
  now(): number {
    return this.simulated ? this.#audio.now() : this.#monotonic.now()
  }

  /** A moment of the audio clock in the same time. */
  ofAudio(audioMs: number): number {
    if (this.simulated) return audioMs
    return Number.isFinite(this.#offsetMs) ? audioMs + this.#offsetMs : this.#monotonic.now()
  }

  /** Now on the audio clock, which is the conversation's. */
  audioNow(): number {
    return this.#audio.now()
  }

  /** For durations of work, which takes real time even where audio time stands still. */
  monotonic(): number {
    return this.#monotonic.now()
  }
}
