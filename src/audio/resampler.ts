import * as Effect from "effect/Effect"
import type { SpeechPcm } from "../ports/audio.ts"
import { AudioError } from "./audio-error.ts"
import { toFloat32, toInt16 } from "./format.ts"

interface Converter {
  full(samples: Float32Array): Float32Array
  destroy(): void
}

/** The library refuses rates above this; only the ratio matters to it, so higher ones are halved together. */
const LIBRARY_MAX_RATE_HZ = 192_000
/** libsamplerate's own limit on the ratio. */
const MAX_RATIO = 256
/** Keeps one call's output well inside the 4 MB that the library's buffers hold. */
const MAX_OUTPUT_PER_CALL = 65_536
/** SRC_SINC_MEDIUM_QUALITY: 121 dB signal to noise, about 1 % of a core for 48 → 16 kHz. */
const SINC_MEDIUM = 1

/**
 * Changes the rate of mono audio piece by piece, keeping the filter's state in between, so that pieces join without a
 * click. The algorithm is libsamplerate's band-limited sinc; its output is aligned with its input in time.
 */
export class Resampler {
  readonly fromHz: number
  readonly toHz: number
  readonly #converter: Converter | undefined
  #taken = 0
  #given = 0

  private constructor(fromHz: number, toHz: number, converter: Converter | undefined) {
    this.fromHz = fromHz
    this.toHz = toHz
    this.#converter = converter
  }

  /** Equal rates pass through and load nothing. Fails for rates that the library cannot join (more than 1:256). */
  static make(fromHz: number, toHz: number): Effect.Effect<Resampler, AudioError> {
    return Effect.gen(function* () {
      if (!(fromHz > 0) || !(toHz > 0) || fromHz / toHz > MAX_RATIO || toHz / fromHz > MAX_RATIO)
        return yield* new AudioError({
          message: `Cannot resample ${fromHz} Hz to ${toHz} Hz: the ratio must be within 1:${MAX_RATIO}. Record at 8 to 192 kHz.`,
        })
      if (fromHz === toHz) return new Resampler(fromHz, toHz, undefined)
      const scale = 2 ** Math.max(0, Math.ceil(Math.log2(Math.max(fromHz, toHz) / LIBRARY_MAX_RATE_HZ)))
      const converter = yield* Effect.tryPromise({
        try: async () => {
          const { create } = await loadLibrary()
          const rates = [fromHz, toHz].map((rate) => Math.max(1, Math.round(rate / scale)))
          return await create(1, rates[0] ?? 1, rates[1] ?? 1, { converterType: SINC_MEDIUM })
        },
        catch: (cause) =>
          new AudioError({
            message: `The resampler for ${fromHz} → ${toHz} Hz did not start: ${cause}`,
            cause,
          }),
      })
      return new Resampler(fromHz, toHz, converter)
    })
  }

  /** Float32Array, mono, [-1, 1] at `fromHz`. What comes out lags a few milliseconds; `finish` gives the rest. */
  push(samples: Float32Array): Float32Array {
    if (this.#converter === undefined || samples.length === 0) return samples
    this.#taken += samples.length
    const pieces: Float32Array[] = []
    const step = Math.max(1, Math.floor((MAX_OUTPUT_PER_CALL * this.fromHz) / this.toHz))
    const largest = Math.min(step, MAX_OUTPUT_PER_CALL)
    for (let at = 0; at < samples.length; at += largest)
      pieces.push(this.#converter.full(samples.subarray(at, at + largest)))
    const out = concat(pieces)
    this.#given += out.length
    return out
  }

  /** The samples still inside the filter, so that all together is as long as the input was. */
  finish(): Float32Array {
    if (this.#converter === undefined) return new Float32Array(0)
    const expected = Math.round((this.#taken * this.toHz) / this.fromHz)
    const before = this.#given
    const pieces: Float32Array[] = []
    // Silence pushes the tail out; the filter is shorter than 0.1 s at the lower of the two rates.
    const silence = new Float32Array(Math.ceil(Math.max(this.fromHz / 10, (64 * this.fromHz) / this.toHz)))
    for (let round = 0; round < 20 && this.#given < expected; round++) pieces.push(this.push(silence))
    return concat(pieces).subarray(0, Math.max(0, expected - before))
  }

  destroy(): void {
    this.#converter?.destroy()
  }
}

/** Brings a whole clip to another rate, for example a chime to the voice's. */
export const resampleClip = (pcm: SpeechPcm, toHz: number): Effect.Effect<SpeechPcm, AudioError> =>
  Effect.gen(function* () {
    if (pcm.rateHz === toHz) return pcm
    const resampler = yield* Resampler.make(pcm.rateHz, toHz)
    const out = concat([resampler.push(toFloat32(pcm.samples)), resampler.finish()])
    resampler.destroy()
    return { samples: toInt16(out), rateHz: toHz }
  })

const concat = (pieces: readonly Float32Array[]): Float32Array => {
  if (pieces.length === 1 && pieces[0] !== undefined) return pieces[0]
  const out = new Float32Array(pieces.reduce((sum, piece) => sum + piece.length, 0))
  let at = 0
  for (const piece of pieces) {
    out.set(piece, at)
    at += piece.length
  }
  return out
}

/** Two megabytes of WebAssembly: loaded only when some device or file is not at 16 kHz. */
const loadLibrary = async () => (await import("@alexanderolsen/libsamplerate-js")).default
