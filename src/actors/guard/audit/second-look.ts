import * as Effect from "effect/Effect"
import type { Clock } from "../../../ports/clock.ts"
import { within } from "../../timing.ts"
import type { AuditTrail } from "./audit-trail.ts"

const FIRST_MS = 5000
/** An engine that comes back is noticed within this, also without a call. */
const LONGEST_MS = 300_000

/** Looks again and again, less and less often, at the intents that stayed open; each start begins anew. Never ends. */
export const takeSecondLooks = (
  trail: Pick<AuditTrail, "someUnseen" | "settle">,
  clock: Clock,
): Effect.Effect<never> =>
  Effect.gen(function* () {
    for (;;) {
      yield* trail.someUnseen
      let waitMs = FIRST_MS
      let isSettled = false
      while (!isSettled) {
        yield* within(Effect.never, { clock, ms: waitMs, late: () => Effect.void })
        isSettled = yield* Effect.catchCause(trail.settle(), () => Effect.succeed(false))
        waitMs = Math.min(2 * waitMs, LONGEST_MS)
      }
    }
  })
