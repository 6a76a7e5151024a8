import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { describe, expect, it } from "vitest"
import { SimulatedClock } from "xstate"
import { makeResidency, type ResidencyOptions } from "../../../src/actors/residency/residency.ts"
import { monotonicClock } from "../../../src/audio/monotonic-clock.ts"
import type { LedgerReport } from "../../../src/machines/residency/residency-types.ts"
import type { Readings } from "../../../src/ports/readings.ts"
import type { Tenant, Variant } from "../../../src/ports/residency.ts"
import { SimulatedGpu } from "../../support/simulated-gpu.ts"
import { simulatedReadings } from "../../support/simulated-readings.ts"
import { simulatedTenant } from "../../support/simulated-tenant.ts"

const noReadings: Readings = { source: "none", take: Effect.succeed(undefined), watch: Stream.empty }

const simulatedClock = () => {
  const clock = new SimulatedClock()
  return {
    increment: (ms: number) => clock.increment(ms),
    now: () => clock.now(),
    setTimeout: (fn: () => void, ms: number) => clock.setTimeout(fn, ms),
    clearTimeout: (timer: unknown) => clock.clearTimeout(Number(timer)),
  }
}

const onGpu = (footprintKey: string, declaredMib: number): Variant => ({
  footprintKey,
  placement: "gpu",
  declaredMib,
  reloadMs: 1000,
})

const tenant = (model: string, declaredMib: number, more: Partial<Tenant> = {}): Tenant => ({
  model,
  modelClass: "llm",
  pinned: false,
  variants: [onGpu(model, declaredMib)],
  evict: () => Effect.never,
  ...more,
})

const turn = (turnId: string) => ({ type: "turn" as const, turnId })
const tick = Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))

const open = (more: Partial<ResidencyOptions> = {}) =>
  Effect.gen(function* () {
    const clock = simulatedClock()
    const reports: LedgerReport[] = []
    const residency = yield* makeResidency({
      clock,
      readings: noReadings,
      onReport: (report) => reports.push(report),
      ...more,
    })
    const committed = () => residency.snapshot().pools.gpu.committedMib
    return { clock, residency, reports, committed }
  })

describe("the residency adapter", () => {
  it("grants what fits, counts it once however many hold it, and frees it when the last scope ends", () =>
    Effect.gen(function* () {
      const { residency, committed } = yield* open()
      yield* residency.register(tenant("llm", 5280))
      const first = yield* Scope.make()
      const [lease] = yield* residency.acquire(["llm"], turn("a"), 1000).pipe(Scope.provide(first))
      expect(lease).toMatchObject({ model: "llm", footprintMib: 5280, variant: { footprintKey: "llm" } })
      yield* Effect.scoped(
        Effect.gen(function* () {
          yield* residency.acquire(["llm"], turn("b"), 1000)
          expect(committed()).toBe(5280)
        }),
      )
      expect(committed()).toBe(5280)
      yield* Scope.close(first, Exit.void)
      expect(committed()).toBe(0)
    }).pipe(Effect.scoped, Effect.runPromise))

  it("gives all of a list or nothing of it", () =>
    Effect.gen(function* () {
      const { residency, committed, clock } = yield* open()
      yield* residency.register(tenant("big", 5280))
      yield* residency.register(tenant("llm", 5280))
      yield* residency.register(tenant("small", 1700))
      const [a, b] = [yield* Scope.make(), yield* Scope.make()]
      yield* residency.acquire(["big"], turn("a"), 1000).pipe(Scope.provide(a))
      const both = yield* Effect.forkChild(
        Effect.flip(residency.acquire(["small", "llm"], turn("b"), 1000).pipe(Scope.provide(b))),
      )
      yield* tick
      expect(residency.snapshot().rows).toMatchObject([
        { model: "big", leases: 1, inUse: true },
        { model: "llm", state: "waiting", leases: 0 },
        { model: "small", state: "waiting", leases: 0 },
      ])
      clock.increment(1000)
      expect((yield* Fiber.join(both)).reason).toMatch(/graphics memory.*language model/)
      expect(committed()).toBe(5280)
      yield* Scope.close(b, Exit.void)
    }).pipe(Effect.scoped, Effect.runPromise))

  it("forgets a request that is interrupted while it waits, and serves the next", () =>
    Effect.gen(function* () {
      const { residency } = yield* open()
      yield* residency.register(tenant("llm", 5280))
      yield* residency.register(tenant("other", 5280))
      yield* residency.register(tenant("small", 1700))
      const held = yield* Scope.make()
      yield* residency.acquire(["llm"], turn("a"), 1000).pipe(Scope.provide(held))
      const waits = yield* Effect.forkChild(Effect.scoped(residency.acquire(["other"], turn("b"), 60_000)))
      const behind = yield* Effect.forkChild(
        Effect.scoped(Effect.as(residency.acquire(["small"], turn("c"), 60_000), "served")),
      )
      yield* tick
      expect(residency.snapshot().rows.filter(({ state }) => state === "waiting")).toHaveLength(2)
      yield* Fiber.interrupt(waits)
      expect(yield* Fiber.join(behind)).toBe("served")
      expect(residency.snapshot().rows.map(({ model }) => model)).toEqual(["llm"])
      yield* Scope.close(held, Exit.void)
    }).pipe(Effect.scoped, Effect.runPromise))

  it("leaves no lease behind if it is interrupted at the moment of the grant", () =>
    Effect.gen(function* () {
      const { residency, committed } = yield* open()
      yield* residency.register(tenant("llm", 5280))
      yield* residency.register(tenant("other", 5280))
      const held = yield* Scope.make()
      yield* residency.acquire(["llm"], turn("a"), 1000).pipe(Scope.provide(held))
      const fiber = yield* Effect.forkChild(
        Effect.scoped(Effect.andThen(residency.acquire(["other"], turn("b"), 1000), Effect.never)),
      )
      yield* tick
      yield* Effect.all([Scope.close(held, Exit.void), Fiber.interrupt(fiber)], { concurrency: "unbounded" })
      yield* tick
      expect(committed()).toBe(0)
    }).pipe(Effect.scoped, Effect.runPromise))

  it("waits for an eviction to end before it gives the memory to another", () =>
    Effect.gen(function* () {
      const { residency, committed } = yield* open()
      const gone = yield* Deferred.make<void>()
      const tenancy = yield* residency.register(tenant("llm", 5280, { evict: () => Deferred.await(gone) }))
      yield* residency.register(tenant("other", 5280))
      yield* residency.acquire(["llm"], { type: "model" }, 1000)
      tenancy.loaded()
      const asks = yield* Effect.forkChild(residency.acquire(["other"], { type: "model" }, 1000))
      yield* tick
      expect(residency.snapshot().rows).toMatchObject([
        { model: "llm", state: "releasing" },
        { model: "other", state: "waiting" },
      ])
      expect(committed()).toBe(5280)
      yield* Deferred.succeed(gone, undefined)
      expect(yield* Fiber.join(asks)).toMatchObject([{ model: "other" }])
      expect(committed()).toBe(5280)
    }).pipe(Effect.scoped, Effect.runPromise))

  it("reports an eviction that never ends, by force first, and never hands its memory out", () =>
    Effect.gen(function* () {
      const forced: boolean[] = []
      const { residency, clock, reports, committed } = yield* open()
      const evict = (force: boolean) => {
        forced.push(force)
        return force ? Effect.die(new Error("bug")) : Effect.never
      }
      const tenancy = yield* residency.register(tenant("llm", 5280, { evict }))
      yield* residency.register(tenant("other", 5280))
      yield* residency.acquire(["llm"], { type: "model" }, 1000)
      tenancy.loaded()
      const asks = yield* Effect.forkChild(Effect.flip(residency.acquire(["other"], turn("a"), 60_000)))
      yield* tick
      clock.increment(15_000)
      clock.increment(15_000)
      yield* tick
      expect(forced).toEqual([false, true])
      expect(reports).toContainEqual(expect.objectContaining({ type: "eviction-stuck", model: "llm" }))
      clock.increment(30_000)
      expect((yield* Fiber.join(asks)).reason).toContain("not free in time")
      expect(committed()).toBe(5280)
    }).pipe(Effect.scoped, Effect.runPromise))

  it("answers everybody who waits when it shuts down", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const { residency } = yield* open().pipe(Scope.provide(scope))
      yield* residency.register(tenant("llm", 5280)).pipe(Scope.provide(scope))
      yield* residency.register(tenant("other", 5280)).pipe(Scope.provide(scope))
      yield* residency.acquire(["llm"], turn("a"), 1000)
      const asks = yield* Effect.forkChild(
        Effect.flip(Effect.scoped(residency.acquire(["other"], turn("b"), 60_000))),
      )
      yield* tick
      yield* Scope.close(scope, Exit.void)
      expect((yield* Fiber.join(asks)).reason).toMatch(/shut/)
      expect((yield* Effect.flip(residency.acquire(["llm"], turn("c"), 1000))).reason).toMatch(/shut/)
    }).pipe(Effect.scoped, Effect.runPromise))

  it("refuses a model that nobody registered", () =>
    Effect.gen(function* () {
      const { residency } = yield* open()
      expect((yield* Effect.flip(residency.acquire(["ghost"], turn("a"), 1000))).reason).toContain("ghost")
    }).pipe(Effect.scoped, Effect.runPromise))

  it("measures loads by readings of the simulated GPU, and keeps the figures", () =>
    Effect.gen(function* () {
      const kept: unknown[] = []
      const gpu = new SimulatedGpu({ totalMib: 8192, systemMib: 400, now: monotonicClock.now })
      const { residency } = yield* open({
        clock: monotonicClock,
        readings: simulatedReadings(gpu),
        footprints: { samplesMib: {}, keep: (key, samples) => kept.push([key, samples]) },
      })
      const model = yield* simulatedTenant({
        residency,
        gpu,
        clock: monotonicClock,
        model: "llm",
        variants: [onGpu("llm/2048", 5280)],
        takesMib: 5001,
      })
      for (let i = 0; i < 3; i++) {
        yield* model.load
        yield* tick
        expect(residency.snapshot().rows).toMatchObject([
          { footprintMib: i < 2 ? 5280 : 5001, measuredMib: 5001 },
        ])
        yield* model.unload
        yield* tick
      }
      expect(kept.at(-1)).toEqual(["llm/2048", [5001, 5001, 5001]])
    }).pipe(Effect.scoped, Effect.runPromise))

  it("alternates two models that do not fit together, and never has more in use than there is", () =>
    Effect.gen(function* () {
      const gpu = new SimulatedGpu({
        totalMib: 8192,
        systemMib: 600,
        now: monotonicClock.now,
        release: { delayMs: 2, steps: 2, stepMs: 1 },
      })
      const { residency, reports } = yield* open({ clock: monotonicClock, readings: simulatedReadings(gpu) })
      const shared = { residency, gpu, clock: monotonicClock }
      const a = yield* simulatedTenant({ ...shared, model: "a", variants: [onGpu("a", 5280)] })
      const b = yield* simulatedTenant({ ...shared, model: "b", variants: [onGpu("b", 4000)] })
      for (let i = 0; i < 60; i++) yield* (i % 2 === 0 ? a : b).turn(`turn-${i}`)
      expect([a.loads(), b.loads()]).toEqual([30, 30])
      expect([a.evictions(), b.evictions()]).toEqual([30, 29])
      expect(gpu.peakMib).toBe(600 + 5280)
      expect(reports.filter(({ type }) => type === "overcommitted")).toEqual([])
    }).pipe(Effect.scoped, Effect.runPromise))
})
