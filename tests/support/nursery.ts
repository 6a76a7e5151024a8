import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import { SimulatedClock } from "xstate"
import { type ResourceOptions, resourceChild } from "../../src/actors/supervision/resource-child.ts"
import { StartError } from "../../src/actors/supervision/start-error.ts"
import type { Child, ExitReason, Handle } from "../../src/ports/child.ts"
import type { Clock } from "../../src/ports/clock.ts"

export interface Life extends Handle {
  readonly child: string
  readonly number: number
  die(reason: ExitReason): void
}

/** How a child of the nursery behaves; by default it is up at once and goes when it is told to. */
export interface Manners {
  /** Before it is up. */
  readonly start?: Effect.Effect<void, StartError>
  /** It goes only when it is killed, `stop(0)`. */
  readonly stubborn?: boolean
  /** Its `stop` returns and it is still there, as far as anybody knows. */
  readonly silent?: boolean
  /** Its `stop` never returns. */
  readonly stuck?: boolean
}

/** Children without processes: each start is a life that the test ends. Keeps a log of what happened in what order. */
export const nursery = () => {
  const log: string[] = []
  const lives: Life[] = []
  const faults = new Map<string, number>()

  const stopOf = (id: string, manners: Manners, die: Life["die"]) => (ms: number) =>
    Effect.suspend(() => {
      log.push(`stop ${id} ${ms}`)
      if (manners.stuck === true) return Effect.never
      if (manners.silent === true || (manners.stubborn === true && ms > 0)) return Effect.void
      die({ type: "shutdown" })
      return Effect.void
    })

  const child = (id: string, manners: Manners = {}): Child<Life> => ({
    id,
    start: () =>
      Effect.gen(function* () {
        if (manners.start !== undefined) yield* manners.start
        const left = faults.get(id) ?? 0
        if (left > 0) {
          faults.set(id, left - 1)
          return yield* Effect.fail(new StartError({ child: id, message: "faulty" }))
        }
        const exited = Deferred.makeUnsafe<ExitReason>()
        const die = (reason: ExitReason) => void Deferred.doneUnsafe(exited, Effect.succeed(reason))
        const life: Life = {
          child: id,
          number: lives.length,
          exited: Deferred.await(exited),
          die,
          stop: stopOf(id, manners, die),
        }
        return yield* Effect.acquireRelease(
          Effect.sync(() => {
            log.push(`open ${id}`)
            lives.push(life)
            return life
          }),
          () => Effect.sync(() => log.push(`close ${id}`)),
        )
      }),
  })
  return {
    child,
    log,
    lives,
    /** The next so many starts of the child fail. */
    fail: (id: string, times: number) => void faults.set(id, times),
    /** Ends the child's present life. */
    kill: (id: string) =>
      lives.findLast((life) => life.child === id)?.die({ type: "killed", signal: "SIGKILL" }),
    /** How often the child has been up. */
    count: (id: string) => lives.filter((life) => life.child === id).length,
  }
}

/** A resource that keeps a log of being opened and closed, and counts. */
export const countedResource = (log: string[], id: string, work?: ResourceOptions<number>["work"]) => {
  let opened = 0
  return resourceChild({
    id,
    work,
    acquire: Effect.acquireRelease(
      Effect.sync(() => {
        log.push(`open ${id}`)
        opened++
        return opened
      }),
      () => Effect.sync(() => log.push(`close ${id}`)),
    ),
  })
}

export const simulatedClock = (): Clock & { increment(ms: number): void } => {
  const clock = new SimulatedClock()
  return {
    now: () => clock.now(),
    setTimeout: (fn, ms) => clock.setTimeout(fn, ms),
    clearTimeout: (timer) => clock.clearTimeout(Number(timer)),
    increment: (ms) => clock.increment(ms),
  }
}

/** Until whatever is ready to go on has gone on. */
export const tick = Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
