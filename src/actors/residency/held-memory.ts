import * as Effect from "effect/Effect"
import type { MemoryReading, Readings } from "../../ports/readings.ts"

/** A card that has this much of a model's memory back has it all: the rest is noise of other programs. */
const BACK_SHARE = 0.75

/** What a model was seen to hold on the GPU, so that its return can be recognised. */
export interface HeldMemory {
  /** Notes that the model is loaded, with so much of it on the GPU; takes a reading of the card as it is with it. */
  noteLoaded(vramMib: number): Effect.Effect<MemoryReading | undefined>
  /** Whether the GPU has it back. Always true where nothing was held, or nothing can be read. */
  readonly isBack: Effect.Effect<boolean>
  forget(): void
}

/**
 * Compares readings of the whole card, since a server's memory belongs to a process that is not ours. Other programs
 * come and go: the last reading before the model left is the one to compare with, so it is renewed while it is there.
 */
export const heldMemory = (readings: Readings | undefined): HeldMemory => {
  const take = readings?.take ?? Effect.succeed(undefined)
  let held: { readonly vramMib: number; readonly usedMib: number } | undefined
  return {
    noteLoaded: (vramMib) =>
      Effect.map(take, (reading) => {
        held = reading === undefined || vramMib <= 0 ? undefined : { vramMib, usedMib: reading.usedMib }
        return reading
      }),
    isBack: Effect.gen(function* () {
      if (held === undefined) return true
      const now = yield* take
      return now === undefined || held.usedMib - now.usedMib >= BACK_SHARE * held.vramMib
    }),
    forget: () => {
      held = undefined
    },
  }
}
