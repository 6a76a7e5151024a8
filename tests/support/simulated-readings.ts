import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { Readings } from "../../src/ports/readings.ts"
import type { AllocationId, AllocationRefused, SimulatedGpu } from "./simulated-gpu.ts"

const WATCH_MS = 500

export class SimulatedOutOfMemory extends Data.TaggedError("SimulatedOutOfMemory")<
  Omit<AllocationRefused, "ok">
> {
  override get message(): string {
    const { askedMib, freeMib, largestHoleMib } = this
    return `The simulated GPU is out of memory: ${askedMib} MiB asked, ${freeMib} MiB free, ${largestHoleMib} MiB of it in one piece`
  }
}

/**
 * The port that the ledger looks through, on a SIMULATED GPU. It waits on Effect's clock: give the GPU the same one by
 * `now`. `readingMs` is what `take` costs.
 */
export const simulatedReadings = (gpu: SimulatedGpu, readingMs = 0): Readings => ({
  source: "simulated",
  take: Effect.suspend(() => (readingMs === 0 ? Effect.void : Effect.sleep(readingMs))).pipe(
    Effect.map(() => gpu.read()),
  ),
  watch: Stream.tick(WATCH_MS).pipe(
    Stream.map(() => gpu.read()),
    Stream.filter((reading) => reading !== undefined),
  ),
})

/** A load as a process does it: in `steps` parts over `overMs`; what it has taken is freed if it does not succeed. */
export const simulatedLoad = (
  gpu: SimulatedGpu,
  owner: string,
  sizeMib: number,
  overMs = 0,
  steps = 4,
): Effect.Effect<readonly AllocationId[], SimulatedOutOfMemory> =>
  Effect.suspend(() => {
    const ids: AllocationId[] = []
    const part = (step: number) => {
      const partMib = Math.floor((sizeMib * (step + 1)) / steps) - Math.floor((sizeMib * step) / steps)
      const result = gpu.allocate(owner, partMib)
      if (!result.ok) return Effect.fail(new SimulatedOutOfMemory(result))
      ids.push(result.id)
      return overMs === 0 ? Effect.void : Effect.sleep(overMs / steps)
    }
    const giveUp = Effect.sync(() => {
      for (const id of ids) gpu.release(id)
    })
    return Effect.forEach(
      Array.from({ length: steps }, (_, step) => step),
      part,
      { discard: true },
    ).pipe(
      Effect.as(ids),
      Effect.onError(() => giveUp),
    )
  })
