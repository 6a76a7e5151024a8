import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import { describe, expect, it } from "vitest"
import type { HostFailure, HostHandle } from "../../../src/actors/hosts/host-handle.ts"
import { type ModelActorOptions, makeModelActor } from "../../../src/actors/models/model-actor.ts"
import type { Residency, Tenant } from "../../../src/ports/residency.ts"
import { anything, failed, fakeHost, GONE, memory, opened, rig } from "../../support/model-actor-rig.ts"
import { simulatedClock, tick } from "../../support/nursery.ts"
import { openResidency } from "../../support/open-residency.ts"

/** The same host, which tells that it is being killed before its process has ended. */
const withKill = (host: ReturnType<typeof fakeHost>, onKill: () => void) => {
  let condemned = false
  const handle: HostHandle = {
    ...host.handle,
    isAlive: () => !condemned && host.handle.isAlive(),
    kill: (detail) => {
      condemned = true
      onKill()
      setTimeout(() => host.handle.kill(detail), 20)
    },
  }
  return { ...host, handle }
}

/** A model that the ledger can take the memory from. */
const evictable = (
  hosts: readonly { readonly handle: HostHandle }[],
  more: Partial<Pick<ModelActorOptions<unknown, unknown, unknown>, "clock" | "onNotice" | "onReport">> = {},
) => {
  let tenant: Tenant | undefined
  const { options, leases } = rig(hosts)
  const residency: Residency = {
    ...options.residency,
    register: (registered) => {
      tenant = registered
      return openResidency.register(registered)
    },
  }
  const model = opened({ ...options, ...more, residency, values: anything })
  return { model, leases, evict: (force: boolean) => tenant?.evict(force) ?? Effect.void }
}

describe("the memory of a model actor", () => {
  it("holds one lease from the load to the unload, over the death of its host", () =>
    Effect.gen(function* () {
      const [first, second] = [fakeHost(1), fakeHost(2)]
      const { model, leases } = rig([first, second])
      yield* model.preload
      first.die(GONE)
      yield* tick
      expect((yield* model.infer("a")).value).toBe("a")
      expect(model.pid()).toBe(2)
      expect(leases).toEqual({ taken: 1, open: 1 })
      yield* model.unload
      expect(second.log).toEqual(["load m.onnx", "unload"])
      expect(leases).toEqual({ taken: 1, open: 0 })
      expect(model.state()).toBe("unloaded")
    }).pipe(Effect.runPromise))

  it("kills a host that does not confirm the unload, and gives the lease back after that", () =>
    Effect.gen(function* () {
      const host = fakeHost(1, { unload: () => failed("inference-failed") })
      const { model, leases } = rig([host])
      yield* model.preload
      yield* model.unload
      expect(host.log).toContain("kill")
      expect(leases.open).toBe(0)
    }).pipe(Effect.runPromise))

  it("fails with the spoken reason when memory is refused, and holds nothing", () =>
    Effect.gen(function* () {
      const refusing: Residency = {
        ...openResidency,
        acquire: () => Effect.fail({ _tag: "Refused", reason: "A game has the memory." }),
      }
      const { model } = rig([fakeHost(1)], {}, refusing)
      expect(yield* Effect.flip(model.preload)).toMatchObject({
        _tag: "ModelFailure",
        reason: "refused",
        message: "A game has the memory.",
      })
    }).pipe(Effect.runPromise))

  it("is gone when its memory is taken by force in the middle of an inference that is retried, and asks anew", () =>
    Effect.gen(function* () {
      const died = Deferred.makeUnsafe<never, HostFailure>()
      const first = fakeHost(1, { infer: () => Deferred.await(died) })
      const second = fakeHost(2)
      const { model, leases, evict } = evictable([
        // Its connection is closed at once; that its process is gone is known a little later.
        withKill(first, () => Deferred.doneUnsafe(died, failed("died"))),
        second,
      ])
      yield* model.preload
      const inference = yield* Effect.forkChild(model.inferRetrying("a"))
      yield* tick
      yield* Effect.timeout(evict(true), "2 seconds")
      expect((yield* Fiber.join(inference)).value).toBe("a")
      expect(first.log).toEqual(["load m.onnx", "kill"])
      expect(leases.taken).toBe(2)
      yield* model.unload
      expect(leases.open).toBe(0)
    }).pipe(Effect.runPromise))

  it("whose memory is taken by force while it loads leaves no load behind", () =>
    Effect.gen(function* () {
      const host: ReturnType<typeof fakeHost> = fakeHost(1, {
        load: () => Effect.never,
        unload: () => Effect.andThen(host.handle.exited, failed("died")),
      })
      const { model, leases, evict } = evictable([host])
      const loading = yield* Effect.forkChild(Effect.exit(model.preload))
      yield* tick
      expect(model.state()).toBe("loading")
      yield* Effect.timeout(evict(true), "1 second")
      expect(host.log).toContain("kill")
      yield* Fiber.interrupt(loading)
      yield* model.unload
      expect(leases.open).toBe(0)
    }).pipe(Effect.runPromise))

  it("keeps its lease until a host that cannot be killed is gone, refuses meanwhile, and says so once", () =>
    Effect.gen(function* () {
      const clock = simulatedClock()
      // In the kernel, in a call to its driver: no signal ends it.
      const kills: string[] = []
      const host = fakeHost(1, { unload: () => failed("deadline"), kill: (detail) => kills.push(detail) })
      const next = fakeHost(2)
      const notices: string[] = []
      const reports: string[] = []
      const { model, leases, evict } = evictable([host, next], {
        clock,
        onNotice: (message) => notices.push(message),
        onReport: ({ state, failure }) => reports.push(`${state} ${failure?.reason ?? "well"}`),
      })
      yield* model.preload
      const evicting = yield* Effect.forkChild(evict(false))
      yield* tick
      expect(kills).toHaveLength(1)
      clock.increment(10_000)
      yield* tick
      expect(leases.open).toBe(1)
      expect(evicting.pollUnsafe()).toBeUndefined()
      expect(model.state()).toBe("failed")
      expect(yield* Effect.flip(model.infer("a"))).toMatchObject({
        reason: "unavailable",
        message: notices[0],
      })
      clock.increment(3_600_000)
      yield* tick
      expect([leases.open, notices.length]).toEqual([1, 1])
      expect(notices[0]).toContain("memory counts as taken")
      host.die(GONE)
      yield* Fiber.join(evicting)
      expect(leases.open).toBe(0)
      expect(reports.slice(-3)).toEqual(["unloading well", "failed unavailable", "unloaded well"])
      expect((yield* model.infer("a")).value).toBe("a")
      expect(model.pid()).toBe(2)
    }).pipe(Effect.runPromise))

  it("that is closed in the middle of its unloading keeps its lease until its host is gone", () =>
    Effect.gen(function* () {
      const host = fakeHost(1, { unload: () => failed("deadline"), kill: () => undefined })
      const { options, leases } = rig([host])
      const scope = yield* Scope.make()
      const model = yield* Scope.provide(makeModelActor({ ...options, memory, values: anything }), scope)
      yield* model.preload
      const unloading = yield* Effect.forkChild(model.unload)
      yield* tick
      yield* Scope.close(scope, Exit.void)
      yield* Fiber.join(unloading)
      yield* tick
      expect(leases.open).toBe(1)
      host.die(GONE)
      yield* tick
      expect(leases.open).toBe(0)
    }).pipe(Effect.runPromise))
})
