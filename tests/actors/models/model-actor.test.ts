import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { describe, expect, it } from "vitest"
import { HostFailure, type HostHandle } from "../../../src/actors/hosts/host-handle.ts"
import { type EngineValues, transcribeValues } from "../../../src/actors/models/engine-values.ts"
import { type ModelActorOptions, makeModelActor } from "../../../src/actors/models/model-actor.ts"
import type { ModelSpec } from "../../../src/actors/models/model-effects.ts"
import { Unavailable } from "../../../src/actors/supervision/supervisor.ts"
import { monotonicClock } from "../../../src/audio/monotonic-clock.ts"
import type { ExitReason } from "../../../src/ports/child.ts"
import type { ModelStore } from "../../../src/ports/models.ts"
import type { Residency, Tenant } from "../../../src/ports/residency.ts"
import { openResidency } from "../../support/open-residency.ts"

const GONE: ExitReason = { type: "killed", signal: "SIGKILL" }

const failed = (code: HostFailure["code"]) =>
  Effect.fail(new HostFailure({ host: "h", code, message: `the code is ${code}` }))

/** A host without a process. `script` says what each inference does; by default it echoes. */
const fakeHost = (pid: number, script: Partial<HostHandle> = {}) => {
  const exited = Deferred.makeUnsafe<ExitReason>()
  const log: string[] = []
  let alive = true
  const die = (reason: ExitReason): void => {
    alive = false
    Deferred.doneUnsafe(exited, Effect.succeed(reason))
  }
  const handle: HostHandle = {
    id: "h",
    pid,
    exited: Deferred.await(exited),
    isAlive: () => alive,
    stop: () => Effect.void,
    kill: (detail) => {
      log.push("kill")
      die({ type: "hung", detail })
    },
    load: ({ options }) =>
      Effect.sync(() => {
        log.push(`load ${Object.keys(options.files)}`)
        return { loadMs: 1 }
      }),
    infer: ({ input }) => Effect.succeed({ value: input, inferenceMs: 2 }),
    unload: () => Effect.sync(() => void log.push("unload")),
    ping: Effect.succeed(0),
    output: () => "",
    ...script,
  }
  return { handle, die, log }
}

const anything: EngineValues<unknown, unknown, unknown> = {
  isChunk: (value): value is unknown => value !== undefined,
  isOutput: (value): value is unknown => value !== undefined,
}

const memory: ModelActorOptions<unknown, unknown, unknown>["memory"] = {
  modelClass: "stt",
  pinned: false,
  variants: [{ footprintKey: "m", placement: "cpu", declaredMib: 1, reloadMs: 1 }],
}

/** For the life of the test's process: nothing of it outlives that. */
const opened = <I, C, O>(options: Omit<ModelActorOptions<I, C, O>, "memory">) =>
  Effect.runSync(Scope.provide(makeModelActor({ ...options, memory }), Scope.makeUnsafe()))

const rig = (
  hosts: readonly { readonly handle: HostHandle }[],
  spec: Partial<ModelSpec> = {},
  residency?: Residency,
) => {
  const left = [...hosts]
  const leases = { taken: 0, open: 0 }
  const counting: Residency = {
    ...openResidency,
    acquire: (...wish) =>
      Effect.acquireRelease(
        Effect.tap(openResidency.acquire(...wish), () =>
          Effect.sync(() => {
            leases.taken++
            leases.open++
          }),
        ),
        () => Effect.sync(() => leases.open--),
      ),
  }
  const store: ModelStore = {
    installed: (id) =>
      Effect.succeed({
        id,
        engine: "piper",
        files: { [`${id}.onnx`]: `/${id}` },
        sha256: { [`${id}.onnx`]: "0" },
      }),
  }
  const supervisor = {
    handle: () =>
      Effect.suspend(() => {
        while (left[0] !== undefined && !left[0].handle.isAlive()) left.shift()
        return left[0] === undefined
          ? Effect.fail(new Unavailable({ child: "h", message: "its breaker is open" }))
          : Effect.succeed(left[0].handle)
      }),
  }
  const options = {
    spec: {
      modelId: "m",
      engine: "piper" as const,
      hostId: "h",
      threads: 1,
      loadTimeoutMs: 1000,
      inferDeadlineMs: 1000,
      ...spec,
    },
    supervisor,
    residency: residency ?? counting,
    store,
    clock: monotonicClock,
  }
  return { model: opened({ ...options, values: anything }), options, leases }
}

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
const evictable = (hosts: readonly { readonly handle: HostHandle }[]) => {
  let tenant: Tenant | undefined
  const { options, leases } = rig(hosts)
  const residency: Residency = {
    ...options.residency,
    register: (registered) => {
      tenant = registered
      return openResidency.register(registered)
    },
  }
  const model = opened({ ...options, residency, values: anything })
  return { model, leases, evict: (force: boolean) => tenant?.evict(force) ?? Effect.void }
}

const tick = Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))

describe("a model actor", () => {
  it("opens the files of all the installed models that it is made of", () =>
    Effect.gen(function* () {
      const host = fakeHost(1)
      const { model } = rig([host], { installedIds: ["wake", "vad"] })
      yield* model.preload
      expect(host.log).toEqual(["load wake.onnx,vad.onnx"])
    }).pipe(Effect.runPromise))

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

  it("fails as unavailable while no host is to be had, gives the lease back, and tries again when asked", () =>
    Effect.gen(function* () {
      const hosts: { handle: HostHandle }[] = []
      const { model, leases, options } = rig(hosts)
      expect(yield* Effect.flip(model.infer("a"))).toMatchObject({ reason: "unavailable" })
      expect(leases).toEqual({ taken: 1, open: 0 })
      const host = fakeHost(1)
      options.supervisor.handle = () => Effect.succeed(host.handle)
      expect((yield* model.infer("b")).value).toBe("b")
    }).pipe(Effect.runPromise))

  it.each([
    ["died", "died", true],
    ["hung", "hung", true],
    ["not-loaded", "died", true],
    ["deadline", "deadline", false],
    ["inference-failed", "failed", false],
  ] as const)("after '%s' an inference fails with '%s'; retried: %s", (code, reason, retried) =>
    Effect.gen(function* () {
      let attempts = 0
      const host = fakeHost(1, {
        infer: () =>
          Effect.suspend(() => {
            attempts++
            return failed(code)
          }),
      })
      const { model } = rig([host])
      expect(yield* Effect.flip(model.inferRetrying("a"))).toMatchObject({ reason })
      expect(attempts).toBe(retried ? 2 : 1)
      expect(model.state()).toBe("ready")
    }).pipe(Effect.runPromise),
  )

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

  it("passes on what its engine says about itself", () =>
    Effect.gen(function* () {
      const notice = "m runs on the processor, not on the GPU."
      const { options } = rig([fakeHost(1, { load: () => Effect.succeed({ loadMs: 1, notice }) })])
      const notices: string[] = []
      const model = opened({ ...options, values: anything, onNotice: (message) => notices.push(message) })
      yield* model.preload
      expect(notices).toEqual([notice])
    }).pipe(Effect.runPromise))

  it("is busy until every inference has ended, an interrupted one too", () =>
    Effect.gen(function* () {
      const { model } = rig([fakeHost(1, { infer: () => Effect.never })])
      const fibers = [yield* Effect.forkChild(model.infer(1)), yield* Effect.forkChild(model.infer(2))]
      yield* tick
      yield* tick
      expect(model.state()).toBe("busy")
      yield* Effect.forEach(fibers, Fiber.interrupt)
      expect(model.state()).toBe("ready")
    }).pipe(Effect.runPromise))

  it("streams chunks in order, then the result, and passes a failure on", () =>
    Effect.gen(function* () {
      const writing = fakeHost(1, {
        infer: ({ onChunk }) =>
          Effect.sync(() => {
            for (let index = 0; index < 5000; index++) onChunk?.(index)
            return { value: "end", inferenceMs: 3 }
          }),
      })
      const events = yield* Stream.runCollect(rig([writing]).model.inferStream("a"))
      expect(events).toHaveLength(5001)
      expect(events[4999]).toEqual({ type: "chunk", value: 4999 })
      expect(events.at(-1)).toEqual({ type: "done", value: "end", inferenceMs: 3 })
      const failing = rig([fakeHost(1, { infer: () => failed("inference-failed") })]).model.inferStream("a")
      expect(yield* Effect.flip(Stream.runCollect(failing))).toMatchObject({ reason: "failed" })
    }).pipe(Effect.runPromise))

  it("refuses a result of the wrong shape", () =>
    Effect.gen(function* () {
      const { options } = rig([
        fakeHost(1, { infer: () => Effect.succeed({ value: { text: 1 }, inferenceMs: 1 }) }),
      ])
      const model = opened({ ...options, values: transcribeValues })
      const failure = yield* Effect.flip(model.infer({ samples: new Int16Array(1600) }))
      expect(failure).toMatchObject({ reason: "failed", message: expect.stringContaining("piper") })
    }).pipe(Effect.runPromise))
})
