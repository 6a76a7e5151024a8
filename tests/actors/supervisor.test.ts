import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { describe, expect, it } from "vitest"
import { SimulatedClock } from "xstate"
import { StartError } from "../../src/actors/host-client.ts"
import { makeSupervisor, type Supervised } from "../../src/actors/supervisor.ts"
import type { Child, ExitReason, Handle } from "../../src/ports/child.ts"

interface Life extends Handle {
  readonly child: string
  readonly number: number
  die(reason: ExitReason): void
}

/** Children without processes: each start is a life that the test ends. Keeps a log of what happened in what order. */
const nursery = () => {
  const log: string[] = []
  const lives: Life[] = []
  let faulty = 0
  const child = (id: string, startMs?: Effect.Effect<void>): Child<Life> => ({
    id,
    start: () =>
      Effect.gen(function* () {
        if (startMs !== undefined) yield* startMs
        if (faulty > 0) {
          faulty--
          return yield* Effect.fail(new StartError({ child: id, message: "faulty" }))
        }
        const exited = Deferred.makeUnsafe<ExitReason>()
        const die = (reason: ExitReason) => void Deferred.doneUnsafe(exited, Effect.succeed(reason))
        const life: Life = {
          child: id,
          number: lives.length,
          exited: Deferred.await(exited),
          die,
          stop: (ms) =>
            Effect.sync(() => {
              log.push(`stop ${id} ${ms}`)
              die({ type: "shutdown" })
            }),
        }
        yield* Effect.acquireRelease(
          Effect.sync(() => {
            log.push(`open ${id}`)
            lives.push(life)
          }),
          () => Effect.sync(() => log.push(`close ${id}`)),
        )
        return life
      }),
  })
  return { child, log, lives, fail: (times: number) => (faulty = times) }
}

const clockOf = (clock: SimulatedClock) => ({
  now: () => clock.now(),
  setTimeout: (fn: () => void, ms: number) => clock.setTimeout(fn, ms),
  clearTimeout: (timer: unknown) => clock.clearTimeout(Number(timer)),
})

const tick = Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))

const policy = { intensity: 2, periodMs: 60_000, backoffMs: 100, maxBackoffMs: 100, breakerMs: 30_000 }

const supervise = (children: readonly Supervised<Life>[]) =>
  Effect.gen(function* () {
    const clock = new SimulatedClock()
    const supervisor = yield* makeSupervisor<Life>({ id: "top", children, clock: clockOf(clock) })
    yield* tick
    return { clock, supervisor }
  })

describe("the supervisor's adapter", () => {
  it("closes the scope of one life before it opens the next, and stops in reverse order", () =>
    Effect.gen(function* () {
      const { child, log, lives } = nursery()
      yield* Effect.scoped(
        Effect.gen(function* () {
          const { supervisor } = yield* supervise([
            { child: child("a"), policy },
            { child: child("b"), policy, shutdown: "brutal" },
          ])
          lives[0]?.die({ type: "killed", signal: "SIGKILL" })
          expect((yield* supervisor.handle("a", 1000)).number).toBe(2)
        }),
      )
      expect(log).toEqual([
        "open a",
        "open b",
        "close a",
        "open a",
        "stop b 0",
        "close b",
        "stop a 2000",
        "close a",
      ])
    }).pipe(Effect.runPromise))

  it("makes a request wait for a restart, and fails it at its deadline", () =>
    Effect.gen(function* () {
      const { child, lives, fail } = nursery()
      const { supervisor, clock } = yield* supervise([{ child: child("a"), policy }])
      fail(1)
      lives[0]?.die({ type: "normal" })
      yield* tick
      const late = yield* Effect.forkChild(Effect.flip(supervisor.handle("a", 50)))
      const patient = yield* Effect.forkChild(supervisor.handle("a", 1000))
      yield* tick
      clock.increment(50)
      expect((yield* Fiber.join(late)).message).toContain("backing-off")
      clock.increment(50)
      expect((yield* Fiber.join(patient)).number).toBe(1)
    }).pipe(Effect.scoped, Effect.runPromise))

  it("fails a request at once while the breaker is open, and says when it closes", () =>
    Effect.gen(function* () {
      const { child, fail } = nursery()
      fail(3)
      const { supervisor, clock } = yield* supervise([{ child: child("a"), policy }])
      clock.increment(100)
      yield* tick
      const failure = yield* Effect.flip(supervisor.handle("a", 1000))
      expect(failure).toMatchObject({ _tag: "Unavailable", child: "a" })
      expect(failure.message).toContain("30 s")
      clock.increment(30_000)
      expect((yield* supervisor.handle("a", 1000)).number).toBe(0)
    }).pipe(Effect.scoped, Effect.runPromise))

  it("interrupts a start that never ends when it is to stop", () =>
    Effect.gen(function* () {
      const { child, log } = nursery()
      yield* Effect.scoped(supervise([{ child: child("a", Effect.never), policy }]))
      expect(log).toEqual([])
    }).pipe(Effect.runPromise))

  it("keeps a child that it was told to stop down until it is asked for", () =>
    Effect.gen(function* () {
      const { child, log } = nursery()
      const { supervisor } = yield* supervise([{ child: child("a"), policy }])
      yield* supervisor.stopChild("a")
      expect(log).toEqual(["open a", "stop a 2000", "close a"])
      expect(supervisor.children()).toMatchObject([{ id: "a", phase: "idle", restarts: 0 }])
      expect((yield* supervisor.handle("a", 1000)).number).toBe(1)
    }).pipe(Effect.scoped, Effect.runPromise))

  it("treats a start that throws as a failed start, and refuses a child it does not have", () =>
    Effect.gen(function* () {
      const broken: Child<Life> = { id: "a", start: () => Effect.die(new Error("bug")) }
      const { supervisor } = yield* supervise([{ child: broken, policy, restart: "temporary" }])
      yield* tick
      expect(supervisor.children()).toMatchObject([{ phase: "ended", lastExit: { error: "Error: bug" } }])
      expect((yield* Effect.flip(supervisor.handle("b", 10))).message).toContain("not one of")
    }).pipe(Effect.scoped, Effect.runPromise))
})
