import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import type { Clock } from "../../ports/clock.ts"
import type { Residency } from "../../ports/residency.ts"

export interface TurnLeases {
  /** A turn begins that will need these models: they are taken together and not evicted until `end`. */
  begin(turnId: string, models: Effect.Effect<readonly string[]>): void
  /** No turn is in hand any more. */
  end(): void
}

/** How long the wake word's wish may wait; whoever needs a model then asks for it alone. */
const ACQUIRE_MS = 10_000

/** Keeps the models of the turn in hand in memory, and the ledger informed whether a conversation is going on. */
export const makeTurnLeases = (options: {
  readonly residency: Residency
  readonly conversation: (active: boolean) => void
  /** A conversation is over when no turn began for so long. */
  readonly idleMs: number
  /** Monotonic. */
  readonly clock: Clock
}): Effect.Effect<TurnLeases, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { residency, conversation, idleMs, clock } = options
    const scope = yield* Effect.scope
    let turn: { readonly id: string; readonly scope: Scope.Closeable } | undefined
    let idle: unknown

    const release = (): void => {
      const ending = turn
      turn = undefined
      if (ending !== undefined) Effect.runFork(Scope.close(ending.scope, Exit.void))
    }
    yield* Effect.addFinalizer(() => Effect.sync(() => clock.clearTimeout(idle)))

    return {
      begin: (id, models) => {
        if (turn?.id === id) return
        release()
        clock.clearTimeout(idle)
        conversation(true)
        const own = Effect.runSync(Scope.fork(scope))
        turn = { id, scope: own }
        // A refusal is told by the model itself, in its own words, to the one who needs it.
        const acquired = Effect.flatMap(models, (wanted) =>
          residency.acquire(wanted, { type: "turn", turnId: id }, ACQUIRE_MS),
        ).pipe(Effect.ignore, Scope.provide(own))
        Effect.runFork(Effect.forkIn(acquired, own))
      },
      end: () => {
        if (turn === undefined) return
        release()
        clock.clearTimeout(idle)
        idle = clock.setTimeout(() => conversation(false), idleMs)
      },
    }
  })
