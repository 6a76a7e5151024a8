import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { DEFAULT_RETRY_MS } from "../../machines/model/model.ts"
import type { ModelTimes } from "../../machines/model/model-types.ts"
import { variantsOffGpu } from "../../machines/residency/residency-fallback.ts"
import { ModelError } from "../../models/model-error.ts"
import type { Clock } from "../../ports/clock.ts"
import type { ModelFailure, ModelState, ModelStore } from "../../ports/models.ts"
import type { Residency, Tenant } from "../../ports/residency.ts"
import type { HostHandle } from "../hosts/host-handle.ts"
import type { Supervisor } from "../supervision/supervisor.ts"
import type { EngineValues } from "./engine-values.ts"
import { type ModelSpec, makeModelEffects } from "./model-effects.ts"
import { isOutOfMemory, isRetryable, modelErrorFrom } from "./model-failure.ts"
import { type ModelReport, startModelLife } from "./model-life.ts"

export type { ModelReport } from "./model-life.ts"

interface Inference<Output> {
  readonly value: Output
  readonly inferenceMs: number
}

type StreamedInference<Chunk, Output> =
  | { readonly type: "chunk"; readonly value: Chunk }
  | ({ readonly type: "done" } & Inference<Output>)

/** A model as the rest of Jett sees it. Every inference loads the model first if need be; interrupting cancels. */
export interface ModelActor<Input, Chunk, Output> {
  readonly id: string
  /** Ends when the model can infer. */
  readonly preload: Effect.Effect<void, ModelFailure>
  /** Fails with reason `died` or `hung` if the host was lost under it; see `isRetryable`. */
  infer(input: Input): Effect.Effect<Inference<Output>, ModelFailure>
  /** Like `infer`, and once more on a fresh host if the first one was lost. For inferences without side effects. */
  inferRetrying(input: Input): Effect.Effect<Inference<Output>, ModelFailure>
  /** Chunks as they are made, then `done`; once more on a fresh host if the first one was lost before any chunk. */
  inferStream(input: Input): Stream.Stream<StreamedInference<Chunk, Output>, ModelFailure>
  state(): ModelState
  /** Of the host's process, while the model is in one. */
  pid(): number | undefined
  /** Ends when the memory is given back; waits for the inferences under way. */
  readonly unload: Effect.Effect<void>
}

export interface ModelActorOptions<Input, Chunk, Output> {
  readonly spec: ModelSpec
  /** What the ledger is to know of it. */
  readonly memory: Pick<Tenant, "modelClass" | "pinned" | "variants">
  readonly values: EngineValues<Input, Chunk, Output>
  readonly supervisor: Pick<Supervisor<HostHandle>, "handle">
  readonly residency: Residency
  readonly store: ModelStore
  /** Monotonic. */
  readonly clock: Clock
  readonly onReport?: ((report: ModelReport) => void) | undefined
  /** Called with what is not as it was asked for, although the model works. */
  readonly onNotice?: ((message: string) => void) | undefined
}

const DEFAULT_ADMIT_MS = 10_000
/** Added to the load deadline: the host may have to be started, or restarted after a back-off, first. */
const HOST_START_MS = 15_000
const UNLOAD_MS = 10_000

/**
 * One model in one host: the machine decides, the effects of `model-effects.ts` do, and this joins them. A tenant of the
 * ledger until the scope ends.
 */
export const makeModelActor = <Input, Chunk, Output>(
  options: ModelActorOptions<Input, Chunk, Output>,
): Effect.Effect<ModelActor<Input, Chunk, Output>, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { spec, values, clock, onReport } = options
    const { modelId, inferDeadlineMs } = spec
    const effects = makeModelEffects({ ...options, startMs: HOST_START_MS, unloadMs: UNLOAD_MS / 2 })
    const life = startModelLife({
      input: { modelId, times: timesOf(spec), reload: spec.reload ?? "at-once" },
      deeds: {
        ...effects,
        loadModel: effects.loadModel.pipe(
          Effect.tap(({ fellBack }) =>
            Effect.sync(() => {
              if (fellBack) tenancy.fellBack()
              tenancy.loaded()
            }),
          ),
          Effect.asVoid,
          Effect.tapError((failure) =>
            Effect.sync(() => {
              if (isOutOfMemory(failure)) tenancy.outOfMemory()
            }),
          ),
        ),
      },
      isWell: () => effects.host()?.isAlive() === true,
      clock,
      onReport,
      onOverdue: options.onNotice,
    })

    yield* Effect.addFinalizer(() => Effect.sync(life.stop))
    const tenancy = yield* options.residency.register({
      model: modelId,
      ...options.memory,
      // To a later life of the ledger too.
      get variants() {
        return effects.isOffGpu() ? variantsOffGpu(options.memory.variants) : options.memory.variants
      },
      evict: (force) =>
        Effect.suspend(() => {
          // The one that holds it now: the wish alone may make the machine let go of it, in the middle of a load too.
          const holder = effects.host()
          life.unwanted()
          // Whatever else is in that host goes with it: memory that is needed at once is not asked for politely.
          if (force) holder?.kill(`the memory of ${modelId} is needed at once`)
          return life.unload
        }),
    })

    let inferences = 0
    const count = (by: 1 | -1): void => {
      inferences += by
      if (by > 0) life.inferenceStarted()
      else life.inferenceEnded()
      // What is never evicted need not be told to be in use, dozens of times a second.
      if (!options.memory.pinned && inferences === (by > 0 ? 1 : 0)) tenancy.busy(by > 0)
    }

    /** The host, if the model is in it now and both are well. */
    const loadedHost = (): HostHandle | undefined => (life.isLoaded() ? effects.host() : undefined)

    const infer = (
      input: Input,
      onChunk?: (chunk: Chunk) => void,
    ): Effect.Effect<Inference<Output>, ModelFailure> =>
      Effect.uninterruptibleMask((restore) =>
        Effect.gen(function* () {
          let host = loadedHost()
          while (host === undefined) {
            yield* restore(life.preload)
            host = loadedHost()
          }
          count(1)
          const { value, inferenceMs } = yield* restore(
            host.infer({
              model: modelId,
              input,
              deadlineMs: inferDeadlineMs,
              onChunk: (chunk) => {
                if (values.isChunk(chunk)) onChunk?.(chunk)
              },
            }),
          ).pipe(
            Effect.mapError((failure) => modelErrorFrom(modelId, failure)),
            Effect.ensuring(Effect.sync(() => count(-1))),
          )
          if (values.isOutput(value)) return { value, inferenceMs }
          const message = `${modelId} gave a result that engine "${spec.engine}" must not give.`
          return yield* Effect.fail(new ModelError({ model: modelId, reason: "failed", message }))
        }),
      )

    return {
      id: modelId,
      // While it is loaded nothing is asked for: that would take back a wish to unload it.
      preload: Effect.suspend(() => (life.isLoaded() ? Effect.void : life.preload)),
      infer: (input) => infer(input),
      inferRetrying: (input) => Effect.catchIf(infer(input), isRetryable, () => infer(input)),
      inferStream: (input) =>
        Stream.callback((queue) => {
          let hasChunks = false
          const attempt = infer(input, (value) => {
            hasChunks = true
            Queue.offerUnsafe(queue, { type: "chunk", value })
          })
          const mayRetry = (failure: ModelFailure): boolean => !hasChunks && isRetryable(failure)
          return Effect.matchEffect(
            Effect.catchIf(attempt, mayRetry, () => attempt),
            {
              onSuccess: (inference) =>
                Effect.sync(() => {
                  Queue.offerUnsafe(queue, { type: "done", ...inference })
                  Queue.endUnsafe(queue)
                }),
              onFailure: (failure) => Queue.fail(queue, failure),
            },
          )
        }),
      state: life.state,
      pid: () => {
        const host = effects.host()
        return host?.isAlive() === true ? host.pid : undefined
      },
      unload: life.unload,
    }
  })

const timesOf = ({ loadTimeoutMs, inferDeadlineMs, admitTimeoutMs, retryMs }: ModelSpec): ModelTimes => ({
  admitMs: admitTimeoutMs ?? DEFAULT_ADMIT_MS,
  loadMs: loadTimeoutMs + HOST_START_MS,
  // Twice, since the inference may first wait for another model of the same host.
  busyMs: 2 * inferDeadlineMs + UNLOAD_MS,
  unloadMs: UNLOAD_MS,
  retryMs: retryMs ?? DEFAULT_RETRY_MS,
})
