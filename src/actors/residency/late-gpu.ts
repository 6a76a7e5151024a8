import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { Readings } from "../../ports/readings.ts"

/** Shown where the models went to the processor for want of a GPU, and one was only asleep. */
const LATE_GPU =
  "The GPU answered after the models had gone to the processor. Its memory is counted now; restart Jett to use it."

/** Tells once, when the first reading comes. Never ends before that. */
export const tellLateGpu = (
  readings: Pick<Readings, "watch">,
  onNotice: (message: string) => void,
): Effect.Effect<void> =>
  readings.watch.pipe(
    Stream.filter((reading) => reading !== undefined),
    Stream.take(1),
    Stream.runForEach(() => Effect.sync(() => onNotice(LATE_GPU))),
  )
