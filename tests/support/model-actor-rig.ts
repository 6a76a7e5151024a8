import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"
import { HostFailure, type HostHandle } from "../../src/actors/hosts/host-handle.ts"
import type { EngineValues } from "../../src/actors/models/engine-values.ts"
import { type ModelActorOptions, makeModelActor } from "../../src/actors/models/model-actor.ts"
import type { ModelSpec } from "../../src/actors/models/model-effects.ts"
import { Unavailable } from "../../src/actors/supervision/supervisor.ts"
import { monotonicClock } from "../../src/audio/monotonic-clock.ts"
import type { ExitReason } from "../../src/ports/child.ts"
import type { ModelStore } from "../../src/ports/models.ts"
import type { Residency } from "../../src/ports/residency.ts"
import { openResidency } from "./open-residency.ts"

export const GONE: ExitReason = { type: "killed", signal: "SIGKILL" }

export const failed = (code: HostFailure["code"]) =>
  Effect.fail(new HostFailure({ host: "h", code, message: `the code is ${code}` }))

/** A host without a process. `script` says what each inference does; by default it echoes. */
export const fakeHost = (pid: number, script: Partial<HostHandle> = {}) => {
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

export const anything: EngineValues<unknown, unknown, unknown> = {
  isChunk: (value): value is unknown => value !== undefined,
  isOutput: (value): value is unknown => value !== undefined,
}

export const memory: ModelActorOptions<unknown, unknown, unknown>["memory"] = {
  modelClass: "stt",
  pinned: false,
  variants: [{ footprintKey: "m", placement: "cpu", declaredMib: 1, reloadMs: 1 }],
}

/** For the life of the test's process: nothing of it outlives that. */
export const opened = <I, C, O>(options: Omit<ModelActorOptions<I, C, O>, "memory">) =>
  Effect.runSync(Scope.provide(makeModelActor({ ...options, memory }), Scope.makeUnsafe()))

export const rig = (
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
