import * as Effect from "effect/Effect"
import type { Scope } from "effect/Scope"
import type { AudioError } from "./audio-error.ts"
import { msToSamples, samplesToMs, toFloat32, toInt16 } from "./format.ts"
import { Resampler } from "./resampler.ts"
import type { WavError } from "./wav-error.ts"
import { WavWriter } from "./wav-writer.ts"

export interface RecorderOptions {
  readonly path: string
  /** "stereo": you on the left, Jett on the right. "mono": Jett alone. */
  readonly layout: "stereo" | "mono"
  /** 16 or 24 kHz is enough for speech. */
  readonly rateHz: number
}

export type RecorderSide = "you" | "jett"

/** One uninterrupted stretch of one side; it begins where it was opened and is fed without holes. */
export interface RecorderTrack {
  /** Int16Array, mono, at the rate the track was opened with. */
  push(samples: Int16Array): void
}

interface Piece {
  readonly at: number
  readonly samples: Int16Array
}

/** Resamplers hold back a few milliseconds, so what is newer than this is not written yet. */
const HELD_BACK_MS = 200
/** Fewer, larger writes. */
const WRITE_EVERY_MS = 500

/** Writes both sides of a conversation to a WAV file on one timeline, with the true timing. */
export class ConversationRecorder {
  readonly #writer: WavWriter
  readonly #options: RecorderOptions
  readonly #pieces: Record<RecorderSide, Piece[]> = { you: [], jett: [] }
  readonly #open = new Set<() => void>()
  #written = 0
  #end = 0

  private constructor(writer: WavWriter, options: RecorderOptions) {
    this.#writer = writer
    this.#options = options
  }

  static open(options: RecorderOptions): Effect.Effect<ConversationRecorder, WavError, Scope> {
    return Effect.gen(function* () {
      const channels = options.layout === "stereo" ? 2 : 1
      const writer = yield* WavWriter.open(options.path, { rateHz: options.rateHz, channels })
      const recorder = new ConversationRecorder(writer, options)
      yield* Effect.addFinalizer(() => Effect.ignore(recorder.#finish))
      return recorder
    })
  }

  /** A track that begins at `startMs` on the conversation's timeline; its rest is written when the scope closes. */
  track(
    side: RecorderSide,
    rateHz: number,
    startMs: number,
  ): Effect.Effect<RecorderTrack, AudioError, Scope> {
    return Effect.gen({ self: this }, function* () {
      const resampler = yield* Resampler.make(rateHz, this.#options.rateHz)
      let at = msToSamples(startMs, this.#options.rateHz)
      const keep = (samples: Float32Array) => {
        if (samples.length === 0) return
        this.#pieces[side].push({ at, samples: toInt16(samples) })
        at += samples.length
        this.#end = Math.max(this.#end, at)
      }
      const end = () => {
        if (!this.#open.delete(end)) return
        keep(resampler.finish())
        resampler.destroy()
      }
      this.#open.add(end)
      yield* Effect.addFinalizer(() => Effect.sync(end))
      return { push: (samples) => keep(resampler.push(toFloat32(samples))) }
    })
  }

  /** Writes what is certain by `nowMs`; to be called now and then, so that nothing piles up in memory. */
  advance(nowMs: number): Effect.Effect<void, WavError> {
    return Effect.suspend(() => {
      const upTo = msToSamples(nowMs - HELD_BACK_MS, this.#options.rateHz)
      if (samplesToMs(upTo - this.#written, this.#options.rateHz) < WRITE_EVERY_MS) return Effect.void
      return this.#writeTo(upTo)
    })
  }

  readonly #finish: Effect.Effect<void, WavError> = Effect.suspend(() => {
    for (const end of [...this.#open]) end()
    return this.#writeTo(this.#end)
  })

  #writeTo(upTo: number): Effect.Effect<void, WavError> {
    const count = upTo - this.#written
    if (count <= 0) return Effect.void
    const jett = this.#take("jett", upTo)
    const you = this.#take("you", upTo)
    this.#written = upTo
    return this.#writer.write(this.#options.layout === "mono" ? jett : interleave(you, jett))
  }

  /** One side from what was written last up to `upTo`, silence where it has no piece. */
  #take(side: RecorderSide, upTo: number): Int16Array {
    const from = this.#written
    const out = new Int16Array(upTo - from)
    for (const { at, samples } of this.#pieces[side]) {
      const usable = samples.subarray(Math.max(0, from - at), Math.max(0, upTo - at))
      out.set(usable, Math.max(0, Math.min(out.length, at - from)))
    }
    this.#pieces[side] = this.#pieces[side].filter(({ at, samples }) => at + samples.length > upTo)
    return out
  }
}

const interleave = (left: Int16Array, right: Int16Array): Int16Array => {
  const out = new Int16Array(left.length * 2)
  for (let i = 0; i < left.length; i++) {
    out[2 * i] = left[i] ?? 0
    out[2 * i + 1] = right[i] ?? 0
  }
  return out
}
