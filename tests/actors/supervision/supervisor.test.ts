import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { describe, expect, it } from "vitest"
import { StartError } from "../../../src/actors/supervision/start-error.ts"
import {
  makeSupervisor,
  type Supervised,
  type SupervisorOptions,
} from "../../../src/actors/supervision/supervisor.ts"
import type { Child } from "../../../src/ports/child.ts"
import { type Life, nursery, simulatedClock, tick } from "../../support/nursery.ts"

const policy = { intensity: 2, periodMs: 60_000, backoffMs: 100, maxBackoffMs: 100, breakerMs: 30_000 }

const supervise = (children: readonly Supervised<Life>[], flags: Partial<SupervisorOptions<Life>> = {}) =>
  Effect.gen(function* () {
    const clock = simulatedClock()
    const supervisor = yield* makeSupervisor<Life>({ ...flags, id: "top", children, clock })
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
      fail("a", 1)
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
      fail("a", 3)
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
      yield* Effect.scoped(supervise([{ child: child("a", { start: Effect.never }), policy }]))
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

  it("child_adm: stopping a child that it does not have fails as not_found, and stops nothing", () =>
    Effect.gen(function* () {
      const { child, log } = nursery()
      const { supervisor } = yield* supervise([{ child: child("a"), policy }])
      expect(yield* Effect.flip(supervisor.stopChild("hej"))).toMatchObject({
        _tag: "Unavailable",
        child: "hej",
        message: '"hej" is not one of this supervisor\'s children.',
      })
      expect(log).toEqual(["open a"])
      expect(supervisor.children()).toMatchObject([{ id: "a", phase: "running" }])
    }).pipe(Effect.scoped, Effect.runPromise))

  it("treats a start that throws as a failed start, and refuses a child it does not have", () =>
    Effect.gen(function* () {
      const broken: Child<Life> = { id: "a", start: () => Effect.die(new Error("bug")) }
      const { supervisor } = yield* supervise([{ child: broken, policy, restart: "temporary" }])
      yield* tick
      expect(supervisor.children()).toMatchObject([{ phase: "ended", lastExit: { error: "Error: bug" } }])
      expect((yield* Effect.flip(supervisor.handle("b", 10))).message).toContain("not one of")
    }).pipe(Effect.scoped, Effect.runPromise))

  it("sup_start_ignore_child: says at once that a child with nothing to run is not there", () =>
    Effect.gen(function* () {
      const { child } = nursery()
      const nothing = Effect.fail(new NothingToRun({ child: "a", message: "no such device" }))
      const { supervisor } = yield* supervise([
        { child: child("a", { start: nothing }) },
        { child: child("b") },
      ])
      yield* supervisor.started
      expect(supervisor.children()).toMatchObject([{ phase: "idle" }, { phase: "running" }])
      expect((yield* Effect.flip(supervisor.handle("a", 1000))).message).toContain("there is nothing to run")
    }).pipe(Effect.scoped, Effect.runPromise))

  it("sup_start_restart_child_returns_error: says at once why a child that was asked for did not start", () =>
    Effect.gen(function* () {
      const { child, fail } = nursery()
      fail("a", 1)
      const { supervisor } = yield* supervise([{ child: child("a"), start: "on-demand" }], {
        pastIntensity: "escalate",
      })
      expect((yield* Effect.flip(supervisor.handle("a", 1000))).message).toBe('"a" is down: faulty.')
      expect((yield* supervisor.handle("a", 1000)).number).toBe(0)
    }).pipe(Effect.scoped, Effect.runPromise))

  it("sup_start_fail: refuses flags that make no sense before anything starts", () =>
    Effect.gen(function* () {
      const { child, log } = nursery()
      const exit = yield* Effect.exit(
        supervise([{ child: child("a") }], { strategy: "one_for_all", pastIntensity: "break" }),
      )
      expect(String(Exit.isFailure(exit) && exit.cause)).toContain(
        'Supervisor "top" has strategy "one_for_all"',
      )
      expect(log).toEqual([])
    }).pipe(Effect.scoped, Effect.runPromise))

  it("sup_stop_timeout: kills what is left when the time for all is up, and waits until it is gone", () =>
    Effect.gen(function* () {
      const { child, log } = nursery()
      const { supervisor, clock } = yield* supervise([
        { child: child("a"), shutdown: "infinity" },
        { child: child("b", { stubborn: true }), shutdown: "infinity" },
      ])
      const stop = yield* Effect.forkChild(supervisor.stop(500))
      yield* tick
      expect(log).toEqual(["open a", "open b", "stop b Infinity"])
      clock.increment(500)
      yield* Fiber.join(stop)
      expect(log.slice(2)).toEqual(["stop b Infinity", "stop b 0", "close b", "stop a 0", "close a"])
    }).pipe(Effect.scoped, Effect.runPromise))

  it.each(["silent", "stuck"] as const)(
    "child_unlink: does not hang on a child that is %s when it is told to stop",
    (how) =>
      Effect.gen(function* () {
        const { child, log } = nursery()
        const { supervisor, clock } = yield* supervise([
          { child: child("a", { [how]: true }), shutdown: 100 },
        ])
        const stop = yield* Effect.forkChild(supervisor.stopChild("a"))
        for (const ms of [100, 10_000, 1000]) {
          yield* tick
          clock.increment(ms)
        }
        yield* Fiber.join(stop)
        expect(log).toEqual(["open a", "stop a 100", "close a"])
      }).pipe(Effect.scoped, Effect.runPromise),
  )

  it("takes a bug in a running child for a crash, not for a failed start", () =>
    Effect.gen(function* () {
      const { child } = nursery()
      const buggy: Child<Life> = {
        id: "a",
        start: () =>
          Effect.map(child("a").start(), (life) => ({ ...life, exited: Effect.die(new Error("bug")) })),
      }
      const { supervisor } = yield* supervise([{ child: buggy, restart: "temporary" }], {
        pastIntensity: "escalate",
      })
      yield* supervisor.started
      expect(supervisor.children()).toMatchObject([{ phase: "ended", lastExit: { error: "Error: bug" } }])
    }).pipe(Effect.scoped, Effect.runPromise))
})

class NothingToRun extends StartError {
  readonly ignore = true
}
