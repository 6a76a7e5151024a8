import * as Effect from "effect/Effect"
import type { Clock } from "../ports/clock.ts"

/** Waits on the given clock, so that a simulated one moves it. */
const sleepOn = (clock: Clock, ms: number): Effect.Effect<void> =>
  Effect.callback((resume) => {
    const timer = clock.setTimeout(() => resume(Effect.void), ms)
    return Effect.sync(() => clock.clearTimeout(timer))
  })

/** `effect` if it ends within `ms` of the clock, else `late`; the loser is interrupted. */
export const within = <A, E, B, F>(
  effect: Effect.Effect<A, E>,
  options: { readonly clock: Clock; readonly ms: number; readonly late: () => Effect.Effect<B, F> },
): Effect.Effect<A | B, E | F> =>
  Effect.raceFirst(effect, Effect.flatMap(sleepOn(options.clock, options.ms), options.late))
