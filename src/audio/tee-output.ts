import * as Effect from "effect/Effect"
import type { AudioOutput } from "../ports/audio.ts"

/** An output that is also played by a second one. The first is the one that counts: its timing, its failures. */
export const teeOutput = (first: AudioOutput, second: AudioOutput): AudioOutput => ({
  rateHz: first.rateHz,
  write: (samples) => Effect.andThen(Effect.ignore(second.write(samples)), first.write(samples)),
  flush: () => Effect.andThen(Effect.ignore(second.flush()), first.flush()),
  latencyMs: () => first.latencyMs(),
})
