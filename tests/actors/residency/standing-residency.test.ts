import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { describe, expect, it } from "vitest"
import { SimulatedClock } from "xstate"
import { standingResidency } from "../../../src/actors/residency/standing-residency.ts"
import type { Readings } from "../../../src/ports/readings.ts"
import type { Tenant, Variant } from "../../../src/ports/residency.ts"

const noReadings: Readings = { source: "none", take: Effect.succeed(undefined), watch: Stream.empty }
const IDLE_MS = 1000

const rig = () => {
  const clock = new SimulatedClock()
  const residency = standingResidency({
    readings: noReadings,
    settings: { unloadAfterMs: { llm: IDLE_MS }, keepMib: 0 },
    clock: {
      now: () => clock.now(),
      setTimeout: (fn, ms) => clock.setTimeout(fn, ms),
      clearTimeout: (timer) => clock.clearTimeout(Number(timer)),
    },
  })
  const evicted: boolean[] = []
  const llm: Tenant = {
    model: "llm",
    modelClass: "llm",
    pinned: false,
    variants: [{ footprintKey: "llm", placement: "cpu", declaredMib: 500, reloadMs: 1000 }],
    evict: (force) => Effect.sync(() => void evicted.push(force)),
  }
  /** One life of the ledger. */
  const life = async () => {
    const scope = Scope.makeUnsafe()
    await Effect.runPromise(Scope.provide(residency.child.start(), scope))
    return { end: () => Effect.runPromise(Scope.close(scope, Exit.void)) }
  }
  const own = Scope.makeUnsafe()
  const register = () => Effect.runPromise(Scope.provide(residency.register(llm), own))
  const acquire = () =>
    Effect.runPromiseExit(
      Scope.provide(residency.acquire(["llm"], { type: "model" }, 100), Scope.makeUnsafe()),
    )
  const tick = () => new Promise((resolve) => setImmediate(resolve))
  return { clock, residency, evicted, llm, life, register, acquire, tick, own }
}

const states = (residency: ReturnType<typeof rig>["residency"]) =>
  residency.snapshot()?.rows.map(({ model, state, leases }) => ({ model, state, leases }))

describe("a ledger that is started again and again", () => {
  it("refuses with a sentence while it is away, and takes in later whoever registered meanwhile", async () => {
    const { residency, register, acquire, life } = rig()
    await register()
    expect(await acquire()).toMatchObject({ _tag: "Failure" })
    expect(residency.snapshot()).toBeUndefined()
    const first = await life()
    expect(await acquire()).toMatchObject({ _tag: "Success" })
    expect(states(residency)).toEqual([{ model: "llm", state: "committed", leases: 1 }])
    await first.end()
    expect(residency.snapshot()).toBeUndefined()
  })

  it("has everything unloaded by force before it begins anew, since nobody remembers who got what", async () => {
    const { residency, register, acquire, life, evicted } = rig()
    const first = await life()
    await register()
    await acquire()
    expect(evicted).toEqual([])
    await first.end()
    await life()
    expect(evicted).toEqual([true])
    expect(states(residency)).toEqual([])
    expect(await acquire()).toMatchObject({ _tag: "Success" })
  })

  it("waits ten seconds on its own clock for what does not unload, and begins all the same", async () => {
    const { residency, register, life, tick, clock, llm } = rig()
    const first = await life()
    await register()
    await first.end()
    llm.evict = () => Effect.never
    const second = life()
    await tick()
    clock.increment(9999)
    await tick()
    expect(residency.snapshot()).toBeUndefined()
    clock.increment(1)
    await second
    expect(states(residency)).toEqual([])
  })

  it("hears what a tenant tells from then on", async () => {
    const { residency, register, acquire, life } = rig()
    const first = await life()
    const tenancy = await register()
    await first.end()
    tenancy.loaded()
    await life()
    await acquire()
    tenancy.loaded()
    expect(states(residency)).toEqual([{ model: "llm", state: "loaded", leases: 1 }])
  })

  it("still knows that a conversation goes on, in which nothing is unloaded", async () => {
    const { clock, residency, register, acquire, life, evicted, tick } = rig()
    const first = await life()
    residency.conversation(true)
    await first.end()
    await life()
    const tenancy = await register()
    await acquire()
    tenancy.loaded()
    clock.increment(2 * IDLE_MS)
    await tick()
    expect(evicted).toEqual([])
    residency.conversation(false)
    clock.increment(2 * IDLE_MS)
    await tick()
    expect(evicted).toEqual([false])
  })

  it("tells the next ledger, too, that a model cannot use the GPU", async () => {
    const { residency, life, own } = rig()
    const onGpu: Variant = { footprintKey: "stt@gpu", placement: "gpu", declaredMib: 500, reloadMs: 1000 }
    const onCpu: Variant = { ...onGpu, footprintKey: "stt@cpu", placement: "cpu" }
    let variants: readonly Variant[] = [onGpu, onCpu]
    const stt: Tenant = {
      model: "stt",
      modelClass: "stt",
      pinned: false,
      get variants() {
        return variants
      },
      evict: () => Effect.void,
    }
    const acquire = () =>
      Effect.runPromise(Scope.provide(residency.acquire(["stt"], { type: "model" }, 100), Scope.makeUnsafe()))
    const first = await life()
    const tenancy = await Effect.runPromise(Scope.provide(residency.register(stt), own))
    expect(await acquire()).toMatchObject([{ variant: onGpu }])
    variants = [onCpu]
    tenancy.fellBack()
    tenancy.loaded()
    expect(residency.snapshot()?.rows).toMatchObject([{ variant: "stt@cpu", placement: "cpu" }])
    await first.end()
    await life()
    expect(await acquire()).toMatchObject([{ variant: onCpu }])
  })

  it("lets a tenant go that an earlier ledger took in, too", async () => {
    const { register, acquire, life, own } = rig()
    const first = await life()
    await register()
    await first.end()
    await life()
    await Effect.runPromise(Scope.close(own, Exit.void))
    expect(await acquire()).toMatchObject({ _tag: "Failure" })
  })

  it("forgets a tenant that is gone", async () => {
    const { register, acquire, life, own } = rig()
    await register()
    await Effect.runPromise(Scope.close(own, Exit.void))
    await life()
    expect(await acquire()).toMatchObject({ _tag: "Failure" })
  })
})
