import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Scope from "effect/Scope"
import type { Child, ExitReason, Handle } from "../../ports/child.ts"
import { StartError } from "./start-error.ts"

export interface ResourceHandle<A> extends Handle {
  readonly value: A
}

export interface ResourceOptions<A> {
  readonly id: string
  /** Up when this succeeds. What it takes in its scope is released before the next start. */
  readonly acquire: Effect.Effect<A, { readonly message: string }, Scope.Scope>
  /** Its work, if it has any: success is a normal end, a failure or a defect a crash. Interrupted by a stop. */
  readonly work?: ((value: A) => Effect.Effect<unknown, { readonly message: string }>) | undefined
}

/** Something of this process to be supervised: a device, a database, a machine. It cannot be killed, only released. */
export const resourceChild = <A>({ id, acquire, work }: ResourceOptions<A>): Child<ResourceHandle<A>> => ({
  id,
  start: () =>
    Effect.gen(function* () {
      const value = yield* Effect.mapError(
        acquire,
        (cause) => new StartError({ child: id, message: `"${id}" did not start: ${cause.message}`, cause }),
      )
      const exited = Deferred.makeUnsafe<ExitReason>()
      const end = (reason: ExitReason): void => void Deferred.doneUnsafe(exited, Effect.succeed(reason))
      if (work !== undefined) {
        yield* work(value).pipe(
          Effect.onExit((exit) => Effect.sync(() => end(reasonOf(exit)))),
          Effect.forkScoped,
        )
      }
      return {
        value,
        exited: Deferred.await(exited),
        stop: () => Effect.sync(() => end({ type: "shutdown" })),
      }
    }),
})

const reasonOf = (exit: Exit.Exit<unknown, { readonly message: string }>): ExitReason => {
  if (Exit.isSuccess(exit)) return { type: "normal" }
  if (Cause.hasInterruptsOnly(exit.cause)) return { type: "shutdown" }
  const error = Cause.squash(exit.cause)
  return { type: "crashed", error: error instanceof Error ? error.message : String(error) }
}
