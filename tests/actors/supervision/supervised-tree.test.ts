import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { describe, expect, it } from "vitest"
import { subtree } from "../../../src/actors/supervision/supervised-tree.ts"
import {
  makeSupervisor,
  type SupervisedHandle,
  type Supervisor,
  type SupervisorOptions,
} from "../../../src/actors/supervision/supervisor.ts"
import type { SupervisorReport } from "../../../src/machines/supervision/supervision-types.ts"
import { nursery, simulatedClock, tick } from "../../support/nursery.ts"

const escalating = { pastIntensity: "escalate", intensity: 2, backoffMs: 0 } as const

const plant = (
  options: Omit<SupervisorOptions<SupervisedHandle>, "id" | "clock">,
  clock = simulatedClock(),
) =>
  Effect.gen(function* () {
    const reports: SupervisorReport[] = []
    const root: Supervisor<SupervisedHandle> = yield* makeSupervisor({
      ...escalating,
      ...options,
      id: "root",
      clock,
      onReport: (report) => reports.push(report),
    })
    return { root, clock, reports }
  })

describe("a tree of supervisors", () => {
  it("tree: only what died restarts, until its supervisor gives up; then all of its parent's group starts anew", () =>
    Effect.gen(function* () {
      const { child, kill, count, log } = nursery()
      const clock = simulatedClock()
      const sub = (id: string, ...ids: string[]) => ({
        child: subtree({ ...escalating, id, clock, children: ids.map((each) => ({ child: child(each) })) }),
        shutdown: "infinity" as const,
      })
      const { root } = yield* plant(
        { strategy: "one_for_all", children: [sub("s1", "a", "b"), sub("s2", "c", "d")] },
        clock,
      )
      yield* root.started
      expect(log).toEqual(["open a", "open b", "open c", "open d"])
      for (const id of ["d", "c"]) {
        kill(id)
        yield* tick
      }
      expect(["a", "b", "c", "d"].map(count)).toEqual([1, 1, 2, 2])
      kill("d")
      yield* tick
      yield* tick
      expect(["a", "b", "c", "d"].map(count)).toEqual([2, 2, 3, 3])
      expect(root.children()).toMatchObject([
        { id: "s1", phase: "running", restarts: 1 },
        { id: "s2", phase: "running", restarts: 1, lastExit: { type: "shutdown" } },
      ])
    }).pipe(Effect.scoped, Effect.runPromise))

  it("stops whole branches in reverse order, and each branch in its own", () =>
    Effect.gen(function* () {
      const { child, log } = nursery()
      const clock = simulatedClock()
      const inner = subtree({
        ...escalating,
        id: "inner",
        clock,
        children: [{ child: child("b") }, { child: child("c") }],
      })
      const { root } = yield* plant(
        { children: [{ child: child("a") }, { child: inner, shutdown: "infinity" }, { child: child("d") }] },
        clock,
      )
      yield* root.started
      yield* root.stopAll
      expect(log.filter((line) => line.startsWith("close"))).toEqual([
        "close d",
        "close c",
        "close b",
        "close a",
      ])
      expect(yield* root.ended).toEqual({ type: "stopped" })
    }).pipe(Effect.scoped, Effect.runPromise))

  it("a branch that is late is killed with all that is left of it", () =>
    Effect.gen(function* () {
      const { child, log } = nursery()
      const clock = simulatedClock()
      const inner = subtree({
        ...escalating,
        id: "inner",
        clock,
        children: [{ child: child("a") }, { child: child("b", { stubborn: true }), shutdown: "infinity" }],
      })
      const { root } = yield* plant({ children: [{ child: inner, shutdown: 300 }] }, clock)
      yield* root.started
      const stop = yield* Effect.forkChild(root.stopAll)
      yield* tick
      clock.increment(300)
      yield* Fiber.join(stop)
      expect(log.slice(2)).toEqual(["stop b Infinity", "stop b 0", "close b", "stop a 0", "close a"])
    }).pipe(Effect.scoped, Effect.runPromise))

  it("simple_global_supervisor: a supervisor that was stopped from within is started anew, with its children", () =>
    Effect.gen(function* () {
      const { child, count } = nursery()
      const clock = simulatedClock()
      const inner = subtree({ ...escalating, id: "inner", clock, children: [{ child: child("a") }] })
      let first: Supervisor<SupervisedHandle> | undefined
      const watched = {
        id: inner.id,
        start: () =>
          Effect.tap(inner.start(), ({ supervisor }) =>
            Effect.sync(() => {
              first ??= supervisor
            }),
          ),
      }
      const { root } = yield* plant({ children: [{ child: watched }] }, clock)
      yield* root.started
      if (first === undefined) throw new Error("the inner supervisor did not start")
      yield* first.stopAll
      yield* tick
      expect(count("a")).toBe(2)
      expect(root.children()).toMatchObject([{ phase: "running", restarts: 1 }])
    }).pipe(Effect.scoped, Effect.runPromise))

  it("sup_start_fail, faulty_application_shutdown: a child that cannot start fails the whole start, and says where and why", () =>
    Effect.gen(function* () {
      const { child, fail, log } = nursery()
      fail("c", 1)
      const clock = simulatedClock()
      const inner = subtree({
        ...escalating,
        id: "inner",
        clock,
        children: [{ child: child("b") }, { child: child("c") }],
      })
      const { root } = yield* plant({ children: [{ child: child("a") }, { child: inner }] }, clock)
      const failure = yield* Effect.flip(root.started)
      expect(failure.message).toBe(
        'Supervisor "root" could not start its child "inner": Supervisor "inner" could not start its child "c": faulty',
      )
      expect(yield* Effect.flip(root.fatal)).toMatchObject({
        _tag: "SupervisorFailed",
        end: { type: "start-failed" },
      })
      expect(log).toEqual(["open a", "open b", "stop b 2000", "close b", "stop a 2000", "close a"])
    }).pipe(Effect.scoped, Effect.runPromise))

  it("a root past its intensity stops all that is left, says so as fatal, and refuses requests", () =>
    Effect.gen(function* () {
      const { child, kill, log } = nursery()
      const { root, reports } = yield* plant({
        intensity: 1,
        children: [{ child: child("a") }, { child: child("b") }],
      })
      yield* root.started
      kill("b")
      yield* tick
      kill("b")
      const failure = yield* Effect.flip(root.fatal)
      expect(failure.message).toBe(
        'Supervisor "root" gave up after 1 restarts within 60 s, at last of "b": killed by SIGKILL',
      )
      expect(log.at(-1)).toBe("close a")
      expect(reports.filter(({ context }) => context === "escalated")).toMatchObject([
        { supervisor: "root", child: "b", reason: { type: "killed", signal: "SIGKILL" }, attempt: 1 },
      ])
      expect((yield* Effect.flip(root.handle("a", 10))).message).toContain("its supervisor gave up")
    }).pipe(Effect.scoped, Effect.runPromise))

  it("the parent's report of a branch that gave up says why it did", () =>
    Effect.gen(function* () {
      const { child, kill, count } = nursery()
      const clock = simulatedClock()
      const inner = subtree({
        ...escalating,
        intensity: 0,
        id: "inner",
        clock,
        children: [{ child: child("a") }],
      })
      const { root, reports } = yield* plant({ children: [{ child: inner }] }, clock)
      yield* root.started
      kill("a")
      yield* tick
      const detail =
        'Supervisor "inner" gave up after 0 restarts within 60 s, at last of "a": killed by SIGKILL'
      expect(reports.filter(({ context }) => context === "child-terminated")).toMatchObject([
        { child: "inner", reason: { type: "shutdown", detail } },
      ])
      expect(count("a")).toBe(2)
    }).pipe(Effect.scoped, Effect.runPromise))

  it("a branch with a breaker of its own never takes the rest with it", () =>
    Effect.gen(function* () {
      const { child, fail, count } = nursery()
      fail("audit", 100)
      const clock = simulatedClock()
      const actions = subtree({ ...escalating, id: "actions", clock, children: [{ child: child("audit") }] })
      const policy = { intensity: 3, periodMs: 10_000, backoffMs: 10, maxBackoffMs: 10, breakerMs: 30_000 }
      const { root } = yield* plant(
        {
          intensity: 0,
          children: [{ child: actions, pastIntensity: "break", policy }, { child: child("voice") }],
        },
        clock,
      )
      for (let turn = 0; turn < 10; turn++) {
        yield* tick
        clock.increment(10)
      }
      yield* root.started
      expect(root.children()).toMatchObject([{ phase: "broken" }, { phase: "running", restarts: 0 }])
      expect((yield* Effect.flip(root.handle("actions", 10))).message).toContain('its child "audit": faulty')
      fail("audit", 0)
      clock.increment(30_000)
      yield* root.handle("actions", 1000)
      expect(count("audit")).toBe(1)
    }).pipe(Effect.scoped, Effect.runPromise))

  it("a branch that is told to stop while it starts leaves nothing behind", () =>
    Effect.gen(function* () {
      const { child, log } = nursery()
      const clock = simulatedClock()
      const inner = subtree({
        ...escalating,
        id: "inner",
        clock,
        children: [{ child: child("a") }, { child: child("b", { start: Effect.never }) }],
      })
      const { root } = yield* plant({ children: [{ child: inner }] }, clock)
      yield* tick
      yield* root.stopAll
      expect(log).toEqual(["open a", "stop a 2000", "close a"])
      expect((yield* Effect.flip(root.started)).end).toEqual({ type: "stopped" })
    }).pipe(Effect.scoped, Effect.runPromise))

  it.each([true, false])(
    "significant_escalation: a branch that ends with its significant child ends its parent, if it is significant: %s",
    (significant) =>
      Effect.gen(function* () {
        const { child, lives, log } = nursery()
        const clock = simulatedClock()
        const inner = subtree({
          ...escalating,
          autoShutdown: "any_significant",
          id: "inner",
          clock,
          children: [{ child: child("a"), restart: "transient", significant: true }],
        })
        const { root } = yield* plant(
          {
            autoShutdown: "any_significant",
            children: [{ child: child("b") }, { child: inner, restart: "transient", significant }],
          },
          clock,
        )
        yield* root.started
        lives[1]?.die({ type: "normal" })
        yield* tick
        if (significant) {
          expect(yield* root.ended).toEqual({ type: "auto-shutdown", child: "inner" })
          expect(log.at(-1)).toBe("close b")
        } else {
          expect(root.children()).toMatchObject([{ phase: "running" }, { phase: "ended" }])
        }
      }).pipe(Effect.scoped, Effect.runPromise),
  )
})
