import * as Effect from "effect/Effect"
import type { AudioError } from "./audio-error.ts"
import { joinSamples } from "./join-samples.ts"
import type { WavError } from "./wav-error.ts"
import { WavReader } from "./wav-reader.ts"

/** A short WAV file as a whole: Int16Array, mono, 16 kHz. For anything long, read in pieces with `WavReader`. */
export const readWav = (path: string): Effect.Effect<Int16Array, WavError | AudioError> =>
  Effect.scoped(
    Effect.gen(function* () {
      const reader = yield* WavReader.open(path)
      const nextPiece = yield* reader.openHearing
      const pieces: Int16Array[] = []
      for (let piece = yield* nextPiece; piece !== undefined; piece = yield* nextPiece) pieces.push(piece)
      return joinSamples(pieces)
    }),
  )
