import { AUDIBLE_DBFS, msToSamples, SAMPLE_RATE_HZ, samplesToMs } from "../src/audio/format.ts"

const AUDIBLE = 32768 * 10 ** (AUDIBLE_DBFS / 20)

/** Every how many samples one is looked at to find a recording: 4 kHz hold what tells a voice's syllables apart. */
const STRIDE = 4
/** So much of a recording is enough to find it by. */
const FINGERPRINT_MS = 500
/** Below this share of its energy what was found is something else. */
const LEAST_LIKENESS = 0.3

/** What a device gave out, on the monotonic clock. */
export class Tape {
  readonly #samples: Int16Array
  readonly #originMs: number

  /** `samples`: Int16Array, mono, 16 kHz, the first of them recorded at `originMs`. */
  constructor(samples: Int16Array, originMs: number) {
    this.#samples = samples
    this.#originMs = originMs
  }

  /** The last moment above −50 dBFS between two; undefined where there is none. */
  lastAudibleMs(fromMs: number, toMs: number): number | undefined {
    const index = this.#between(fromMs, toMs).findLastIndex((sample) => Math.abs(sample) > AUDIBLE)
    return index < 0 ? undefined : this.#timeOf(this.#indexOf(fromMs) + index)
  }

  /** The first moment above −50 dBFS from one on; undefined where there is none. */
  firstAudibleMs(fromMs: number): number | undefined {
    const from = this.#indexOf(fromMs)
    const index = this.#samples.subarray(from).findIndex((sample) => Math.abs(sample) > AUDIBLE)
    return index < 0 ? undefined : this.#timeOf(from + index)
  }

  /**
   * When `recording` (Int16Array, mono, 16 kHz) begins on this tape, whatever else sounds at the same time: where it
   * correlates best, to a quarter of a millisecond. Undefined where it is not to be found.
   */
  startOf(recording: Int16Array): number | undefined {
    const wanted = coarse(recording.subarray(0, msToSamples(FINGERPRINT_MS)))
    const heard = coarse(this.#samples)
    const wantedEnergy = energyOf(wanted)
    let energy = energyOf(heard.subarray(0, wanted.length))
    let best = { likeness: 0, at: 0 }
    for (let at = 0; at + wanted.length <= heard.length; at++) {
      let product = 0
      for (let i = 0; i < wanted.length; i++) product += (wanted[i] ?? 0) * (heard[at + i] ?? 0)
      const likeness = energy > 0 ? product / Math.sqrt(energy * wantedEnergy) : 0
      if (likeness > best.likeness) best = { likeness, at }
      energy += (heard[at + wanted.length] ?? 0) ** 2 - (heard[at] ?? 0) ** 2
    }
    return best.likeness < LEAST_LIKENESS ? undefined : this.#timeOf(best.at * STRIDE)
  }

  #between(fromMs: number, toMs: number): Int16Array {
    return this.#samples.subarray(this.#indexOf(fromMs), this.#indexOf(toMs))
  }

  #indexOf(ms: number): number {
    return Math.min(this.#samples.length, Math.max(0, msToSamples(ms - this.#originMs)))
  }

  #timeOf(index: number): number {
    return this.#originMs + samplesToMs(index, SAMPLE_RATE_HZ)
  }
}

/** Means of `STRIDE` samples each. */
const coarse = (samples: Int16Array): Float64Array =>
  Float64Array.from({ length: Math.floor(samples.length / STRIDE) }, (_, i) => {
    let sum = 0
    for (let k = 0; k < STRIDE; k++) sum += samples[i * STRIDE + k] ?? 0
    return sum / STRIDE
  })

const energyOf = (samples: Float64Array): number => samples.reduce((sum, sample) => sum + sample ** 2, 0)
