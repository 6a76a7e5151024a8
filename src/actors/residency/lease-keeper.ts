import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import { ModelError } from "../../models/model-error.ts"
import type { ModelFailure } from "../../ports/models.ts"
import type { Residency, Variant } from "../../ports/residency.ts"

/** A model's own lease on its memory, which ends when the memory is back and not before. */
export interface LeaseKeeper {
  readonly acquire: Effect.Effect<void, ModelFailure>
  /** The variant that the lease is for. */
  granted(): Variant | undefined
  readonly end: Effect.Effect<void>
  /** Goes on trying `giveBack` in the background, and ends the lease when that succeeds. */
  endAfter(giveBack: Effect.Effect<void, ModelFailure>): Effect.Effect<void>
  /** Ends when no lease waits for memory to come back. */
  readonly ended: Effect.Effect<void>
}

const RETRY_MS = 1_000

/** The leases end with the scope. */
export const makeLeaseKeeper = (options: {
  readonly residency: Residency
  readonly model: string
  readonly admitMs: number
}): Effect.Effect<LeaseKeeper, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { residency, model, admitMs } = options
    const scope = yield* Effect.scope
    let lease: Scope.Closeable | undefined
    let granted: Variant | undefined
    let waiting: { readonly fiber: Fiber.Fiber<void>; readonly ended: Deferred.Deferred<void> } | undefined

    const end = Effect.suspend(() => {
      const ending = lease
      lease = undefined
      return ending === undefined ? Effect.void : Scope.close(ending, Exit.void)
    })

    /** The model is wanted again: its new lease covers what the old one did. */
    const stopWaiting = Effect.suspend(() => {
      const stopping = waiting
      waiting = undefined
      return stopping === undefined
        ? Effect.void
        : Effect.andThen(Fiber.interrupt(stopping.fiber), Deferred.succeed(stopping.ended, undefined))
    })

    return {
      acquire: Effect.uninterruptibleMask((restore) =>
        Effect.gen(function* () {
          const next = yield* Scope.fork(scope)
          const leases = yield* restore(residency.acquire([model], { type: "model" }, admitMs)).pipe(
            Scope.provide(next),
            Effect.mapError(({ reason }) => new ModelError({ model, reason: "refused", message: reason })),
            Effect.onExit((exit) => (Exit.isFailure(exit) ? Scope.close(next, exit) : Effect.void)),
          )
          yield* stopWaiting
          yield* end
          lease = next
          granted = leases.find((each) => each.model === model)?.variant
        }),
      ),
      granted: () => granted,
      end,
      endAfter: (giveBack) =>
        Effect.gen(function* () {
          yield* stopWaiting
          const ended = Deferred.makeUnsafe<void>()
          const trying = Effect.retry(giveBack, { schedule: Schedule.spaced(RETRY_MS) }).pipe(
            Effect.ignore,
            Effect.andThen(end),
            Effect.andThen(Deferred.succeed(ended, undefined)),
            Effect.asVoid,
          )
          waiting = { fiber: yield* Effect.forkIn(trying, scope), ended }
        }),
      ended: Effect.suspend(() => (waiting === undefined ? Effect.void : Deferred.await(waiting.ended))),
    }
  })
