/** When a run of wake scores counts as the wake word. */
export interface WakeGateSettings {
  /** Score from which one 80 ms step counts, 0..1. */
  readonly threshold: number
  /** Consecutive steps that must count: one step alone is often noise. */
  readonly steps: number
  /** How long after a wake another is not taken, in ms of audio. */
  readonly refractoryMs: number
}

export interface Wake {
  /** The highest score of the run so far. */
  readonly score: number
  readonly atMs: number
}

/** Turns the wake engine's scores, one each 80 ms of audio, into wakes. */
export class WakeGate {
  readonly #settings: WakeGateSettings
  #run = 0
  #peak = 0
  #quietUntilMs = Number.NEGATIVE_INFINITY

  constructor(settings: WakeGateSettings) {
    this.#settings = settings
  }

  /** `atMs` is the end of the step on the audio clock. */
  push(score: number, atMs: number): Wake | undefined {
    const { threshold, steps, refractoryMs } = this.#settings
    if (score < threshold) {
      this.#run = 0
      this.#peak = 0
      return undefined
    }
    this.#run += 1
    this.#peak = Math.max(this.#peak, score)
    if (this.#run < steps || atMs < this.#quietUntilMs) return undefined
    this.#quietUntilMs = atMs + refractoryMs
    return { score: this.#peak, atMs }
  }
}
