import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { describe, expect, it } from "vitest"
import { makeResidency, type ResidencyOptions } from "../../../src/actors/residency/residency.ts"
import { monotonicClock } from "../../../src/audio/monotonic-clock.ts"
import type { LedgerReport } from "../../../src/machines/residency/residency-types.ts"
import type { MemoryReading, Readings } from "../../../src/ports/readings.ts"
import type { Tenant, Variant } from "../../../src/ports/residency.ts"
import { simulatedClock, tick } from "../../support/nursery.ts"
import { SimulatedGpu } from "../../support/simulated-gpu.ts"
import { simulatedReadings } from "../../support/simulated-readings.ts"
import { simulatedTenant } from "../../support/simulated-tenant.ts"

const noReadings: Readings = { source: "none", take: Effect.succeed(undefined), watch: Stream.empty }

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
  it("does not take the end of an earlier registration for that of the one in its place, nor what it tells", () =>
    Effect.gen(function* () {
      const { residency } = yield* open()
      const earlier = yield* Scope.make()
      const old = yield* residency.register(tenant("llm", 5280)).pipe(Scope.provide(earlier))
      yield* residency.register(tenant("llm", 5000))
      yield* Scope.close(earlier, Exit.void)
      const own = yield* Scope.make()
      const [lease] = yield* residency.acquire(["llm"], { type: "model" }, 1000).pipe(Scope.provide(own))
      expect(lease).toMatchObject({ model: "llm", footprintMib: 5000 })
      old.loaded()
      expect(residency.snapshot().rows).toMatchObject([{ state: "committed" }])
    }).pipe(Effect.scoped, Effect.runPromise))

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

  it("counts a GPU that answers late, and no longer what others used once it is silent", () =>
    Effect.gen(function* () {
      const watched = yield* Queue.unbounded<MemoryReading | undefined>()
      const readings: Readings = { ...noReadings, watch: Stream.fromQueue(watched) }
      const { clock, residency } = yield* open({ readings })
      yield* residency.register(tenant("llm", 5280))
      const pool = () => residency.snapshot().pools.gpu
      expect(pool()).toMatchObject({ foreignMib: null, budgetMib: 7020 })
      yield* Queue.offer(watched, { totalMib: 8192, usedMib: 660 + 3990, atMs: clock.now() })
      yield* tick
      expect(pool()).toMatchObject({ foreignMib: 3990, budgetMib: 3030 })
      const waiting = yield* Effect.forkChild(residency.acquire(["llm"], turn("a"), 1000))
      yield* tick
      expect(waiting.pollUnsafe()).toBeUndefined()
      yield* Queue.offer(watched, undefined)
      expect(yield* Fiber.join(waiting)).toMatchObject([{ model: "llm" }])
      expect(pool()).toMatchObject({ foreignMib: null, budgetMib: 7020 })
    }).pipe(Effect.scoped, Effect.runPromise))

  it("lets who waits have at once what a model that fell back does not take of the (simulated) GPU", () =>
    Effect.gen(function* () {
      const gpu = new SimulatedGpu({ totalMib: 8192, systemMib: 600, now: monotonicClock.now })
      const { residency, reports } = yield* open({ clock: monotonicClock, readings: simulatedReadings(gpu) })
      const shared = { residency, gpu, clock: monotonicClock }
      const onCpu: Variant = { footprintKey: "stt@cpu", placement: "cpu", declaredMib: 160, reloadMs: 500 }
      const stt = yield* simulatedTenant({
        ...shared,
        model: "stt",
        modelClass: "stt",
        variants: [onGpu("stt@gpu", 3000), onCpu],
        loadMs: 5,
        cannotUseGpu: true,
      })
      const llm = yield* simulatedTenant({ ...shared, model: "llm", variants: [onGpu("llm", 5280)] })
      const loading = yield* Effect.forkChild(stt.load)
      yield* tick
      yield* llm.turn("a")
      yield* Fiber.join(loading)
      const { rows, pools } = residency.snapshot()
      expect(rows.map(({ variant, placement, footprintMib }) => [variant, placement, footprintMib])).toEqual([
        ["stt@cpu", "cpu", 160],
        ["llm", "gpu", 5280],
      ])
      expect([pools.gpu.committedMib, pools.cpu.committedMib]).toEqual([5280, 160])
      expect(reports).toContainEqual(expect.objectContaining({ type: "fell-back", to: "stt@cpu" }))
      yield* stt.unload
      yield* stt.load
      expect(stt.granted()?.variant).toBe(onCpu)
      expect([stt.evictions(), llm.evictions()]).toEqual([0, 0])
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
