import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import type { HostGone } from "../../machines/model/model-types.ts"
import { ModelError } from "../../models/model-error.ts"
import type { EngineName, EngineOptions } from "../../ports/host-protocol.ts"
import type { ModelFailure, ModelStore } from "../../ports/models.ts"
import type { Residency, Variant } from "../../ports/residency.ts"
import type { HostHandle } from "../hosts/host-handle.ts"
import type { Supervisor } from "../supervision/supervisor.ts"
import { modelErrorFrom } from "./model-failure.ts"

export interface ModelSpec {
  /** Names the model in its host, in leases and in messages. */
  readonly modelId: string
  /** The installed models whose files it opens, where that is not just `modelId`. */
  readonly installedIds?: readonly string[] | undefined
  readonly engine: EngineName
  readonly parameters?: EngineOptions["parameters"]
  readonly hostId: string
  readonly threads: number
  /** From asking a running host to load until the engine is ready, the check of the files included. */
  readonly loadTimeoutMs: number
  readonly inferDeadlineMs: number
  readonly admitTimeoutMs?: number | undefined
  readonly retryMs?: number | undefined
  /** After its host died: load again at once (the default), or with the next request. */
  readonly reload?: "at-once" | "on-demand" | undefined
}

/** What the model machine's actors do. The lease and the host in hand live here, outside the machine. */
export interface ModelEffects {
  readonly acquireLease: Effect.Effect<void, ModelFailure>
  /** Gives where the model is. */
  readonly loadModel: Effect.Effect<Whereabouts, ModelFailure>
  readonly watchHost: Effect.Effect<HostGone>
  release(force: boolean): Effect.Effect<void>
  /** The host that holds the model, or is loading it. */
  host(): HostHandle | undefined
  /** Whether the model was once to be on the GPU and was not: for as long as Jett runs it is asked for no more. */
  isOffGpu(): boolean
}

interface Whereabouts {
  /** It is on the processor, although its lease is for the GPU. */
  readonly fellBack: boolean
}

export const makeModelEffects = (options: {
  readonly spec: ModelSpec
  readonly supervisor: Pick<Supervisor<HostHandle>, "handle">
  readonly residency: Residency
  readonly store: ModelStore
  /** Called with what is not as it was asked for, although the model works. */
  readonly onNotice?: ((message: string) => void) | undefined
  /** For the host to be up. */
  readonly startMs: number
  /** For the host to answer an unload. */
  readonly unloadMs: number
}): ModelEffects => {
  const { spec, supervisor, residency, store, onNotice, startMs, unloadMs } = options
  const { modelId } = spec
  const installedIds = spec.installedIds ?? [modelId]
  let lease: Scope.Closeable | undefined
  let variant: Variant | undefined
  let host: HostHandle | undefined
  let isOffGpu = false

  const acquireLease = Effect.suspend(() => {
    const scope = Scope.makeUnsafe()
    return residency.acquire([modelId], { type: "model" }, spec.admitTimeoutMs ?? startMs).pipe(
      Scope.provide(scope),
      Effect.mapError(({ reason }) => new ModelError({ model: modelId, reason: "refused", message: reason })),
      Effect.onExit((exit) => {
        if (Exit.isFailure(exit)) return Scope.close(scope, exit)
        lease = scope
        variant = exit.value.find(({ model }) => model === modelId)?.variant
        return Effect.void
      }),
      Effect.asVoid,
    )
  })

  const engineOptions = Effect.gen(function* () {
    const installed = yield* Effect.forEach(installedIds, (id) => store.installed(id))
    const base: EngineOptions = {
      files: Object.fromEntries(installed.flatMap(({ files }) => Object.entries(files))),
      sha256: Object.fromEntries(installed.flatMap(({ sha256 }) => Object.entries(sha256))),
      threads: spec.threads,
    }
    const parameters = {
      ...spec.parameters,
      ...(variant?.placement === "gpu" && !isOffGpu && { executionProvider: "cuda" }),
    }
    return Object.keys(parameters).length === 0 ? base : { ...base, parameters }
  })

  const loadModel = Effect.gen(function* () {
    const engine = yield* engineOptions
    const up = yield* Effect.mapError(
      supervisor.handle(spec.hostId, startMs),
      ({ message }) => new ModelError({ model: modelId, reason: "unavailable", message }),
    )
    // Kept from here on: a load that is cut short leaves something to unload.
    host = up
    const request = { model: modelId, engine: spec.engine, options: engine, deadlineMs: spec.loadTimeoutMs }
    const { notice, placement } = yield* Effect.mapError(up.load(request), (failure) =>
      modelErrorFrom(modelId, failure),
    )
    if (notice !== undefined) onNotice?.(notice)
    const isForGpu = variant?.placement === "gpu"
    isOffGpu ||= isForGpu && placement === "cpu"
    return { fellBack: isForGpu && isOffGpu }
  })

  const watchHost = Effect.suspend(() =>
    host === undefined
      ? Effect.succeed<HostGone>({ reason: { type: "normal" } })
      : Effect.map(host.exited, (reason): HostGone => ({ reason })),
  )

  /** An unload that is not confirmed leaves the memory in doubt; killing the host does not. */
  const freeHost = (holder: HostHandle, force: boolean): Effect.Effect<void> => {
    const kill = Effect.suspend(() => {
      holder.kill(`${modelId} could not be unloaded`)
      return Effect.asVoid(holder.exited)
    })
    // A process that is condemned takes no requests, and holds the memory until it is gone.
    if (!holder.isAlive()) return Effect.asVoid(holder.exited)
    return force ? kill : Effect.catchCause(holder.unload(modelId, unloadMs), () => kill)
  }

  return {
    acquireLease,
    loadModel,
    watchHost,
    release: (force) =>
      Effect.suspend(() => {
        // Taken at once: one that is cut short must not end what the next admission got.
        const [holder, ending] = [host, lease]
        host = undefined
        lease = undefined
        const freed = holder === undefined ? Effect.void : freeHost(holder, force)
        const released = ending === undefined ? freed : Effect.ensuring(freed, Scope.close(ending, Exit.void))
        // Goes on when nobody waits for it any more: no lease ends before its memory is back.
        return Effect.flatMap(Effect.forkDetach(released, { startImmediately: true }), Fiber.join)
      }),
    host: () => host,
    isOffGpu: () => isOffGpu,
  }
}
