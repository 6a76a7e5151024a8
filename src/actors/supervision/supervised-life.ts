import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import type { SupervisionEvent } from "../../machines/supervision/supervision-types.ts"
import type { Child, ExitReason, Handle, StartError } from "../../ports/child.ts"
import type { Clock } from "../../ports/clock.ts"
import { within } from "../timing.ts"

/** How long a `stop` may take beyond its own time, the end of a killed process included, before it counts as stuck. */
const OVERTIME_MS = 10_000
/** How long a child may still be there after its `stop` said that it is not. */
const LINGER_MS = 1000

/** One life of a child, from its start until its scope is closed. */
export interface Life<H extends Handle> {
  /** While it is up. */
  handle(): H | undefined
  /** Asks it to end and kills it after `ms`. One that is not up yet has only its start to interrupt. */
  stop(ms: number): void
}

/** Begins a life at once; `tell` hears that it is up, and how it ended, whichever way that was. */
export const startLife = <H extends Handle & { readonly pid?: number }>(options: {
  readonly child: Child<H>
  readonly incarnation: number
  /** Monotonic. */
  readonly clock: Clock
  readonly tell: (event: SupervisionEvent) => void
}): Life<H> => {
  const { child, incarnation, clock, tell } = options
  const about = () => ({ id: child.id, incarnation, nowMs: clock.now() })
  let handle: H | undefined
  let wasUp = false

  const fiber = Effect.runFork(
    Effect.suspend(() => {
      const scope = Scope.makeUnsafe()
      return child.start().pipe(
        Scope.provide(scope),
        Effect.flatMap((started) => {
          handle = started
          wasUp = true
          tell({ type: "child.started", ...about(), pid: started.pid })
          return started.exited
        }),
        Effect.onExit((exit) => {
          handle = undefined
          return Effect.flatMap(Effect.exit(Scope.close(scope, exit)), () =>
            Effect.sync(() => tell({ ...about(), ...ending(exit, wasUp) })),
          )
        }),
        Effect.exit,
        Effect.asVoid,
      )
    }),
  )

  /** A child whose `stop` is stuck, or whose end nobody tells, must not hold up the supervisor. */
  const stopUp = (running: H, ms: number): Effect.Effect<void> => {
    const late = () => Effect.void
    return Effect.exit(within(running.stop(ms), { clock, ms: ms + OVERTIME_MS, late })).pipe(
      Effect.andThen(within(Effect.asVoid(Fiber.await(fiber)), { clock, ms: LINGER_MS, late })),
      Effect.andThen(Fiber.interrupt(fiber)),
    )
  }
  return {
    handle: () => handle,
    stop: (ms) => {
      Effect.runFork(handle === undefined ? Fiber.interrupt(fiber) : stopUp(handle, ms))
    },
  }
}

/** As in OTP an interrupted child was shut down, and what it did not foresee is a crash. */
const ending = (exit: Exit.Exit<ExitReason, StartError>, wasUp: boolean) => {
  if (Exit.isSuccess(exit)) return { type: "child.exited", reason: exit.value } as const
  const [cause] = exit.cause.reasons
  if (cause?._tag === "Fail") {
    const { ignore, message } = cause.error
    return ignore === true
      ? ({ type: "child.start-ignored" } as const)
      : ({ type: "child.start-failed", message } as const)
  }
  if (cause?._tag !== "Die") return { type: "child.exited", reason: { type: "shutdown" } } as const
  const message = String(cause.defect)
  return wasUp
    ? ({ type: "child.exited", reason: { type: "crashed", error: message } } as const)
    : ({ type: "child.start-failed", message } as const)
}
