import * as Effect from "effect/Effect"
import { createActor } from "xstate"
import { modelMachine } from "../../machines/model/model.ts"
import type { FailureNote, HostGone, ModelInput } from "../../machines/model/model-types.ts"
import { ModelError } from "../../models/model-error.ts"
import type { Clock } from "../../ports/clock.ts"
import type { ModelFailure, ModelState } from "../../ports/models.ts"
import { fromEffect } from "../bridge.ts"
import { untilAnswer } from "../until-answer.ts"

export interface ModelReport {
  readonly model: string
  /** `ready` stands for `busy` too: those two take turns with every inference. */
  readonly state: ModelState
  readonly failure: Pick<ModelFailure, "reason" | "message"> | undefined
  readonly atMs: number
}

/** What the model machine's actors do; see `modelMachine`. */
export interface ModelDeeds {
  readonly acquireLease: Effect.Effect<void, ModelFailure>
  readonly loadModel: Effect.Effect<void, ModelFailure>
  readonly watchHost: Effect.Effect<HostGone, ModelFailure>
  release(force: boolean): Effect.Effect<void, ModelFailure>
}

export interface ModelLifeOptions {
  readonly input: ModelInput
  readonly deeds: ModelDeeds
  /** Whether what held the model when it was loaded is still well. */
  readonly isWell: () => boolean
  /** Monotonic. */
  readonly clock: Clock
  readonly onReport?: ((report: ModelReport) => void) | undefined
  /** Called when memory is not back in time: nothing but that ends the unloading. */
  readonly onOverdue?: ((message: string) => void) | undefined
}

/** The model machine at work, whatever holds the model. */
export interface ModelLife {
  state(): ModelState
  /** An inference may begin. */
  isLoaded(): boolean
  inferenceStarted(): void
  inferenceEnded(): void
  /** Ends when the model is loaded. */
  readonly preload: Effect.Effect<void, ModelFailure>
  /** Asks for the model to be unloaded when it is idle, and does not wait. */
  unwanted(): void
  /** Ends when the model has been unloaded, or failed to be; waits for the inferences under way, and for its memory. */
  readonly unload: Effect.Effect<void>
  /** Stops the machine where it is, and what it does. */
  stop(): void
}

/** Starts the machine of one model and joins it to those who wait for it. */
export const startModelLife = (options: ModelLifeOptions): ModelLife => {
  const { input, deeds, isWell, clock, onReport, onOverdue } = options
  const { modelId } = input
  const actor = createActor(
    modelMachine.provide({
      actors: {
        acquireLease: fromEffect(() => deeds.acquireLease),
        loadModel: fromEffect(() => deeds.loadModel),
        watchHost: fromEffect(() => deeds.watchHost),
        releaseModel: fromEffect(({ force }: { readonly force: boolean }) => deeds.release(force)),
      },
    }),
    { clock, input },
  )

  const state = (): ModelState => {
    const { value } = actor.getSnapshot()
    if (typeof value !== "object") return value === "released" ? "unloading" : value
    if ("loaded" in value) return value.loaded
    return "unloading" in value && value.unloading === "releasing" ? "unloading" : "failed"
  }

  const overdue = (): FailureNote | undefined =>
    actor.getSnapshot().matches({ unloading: "overdue" })
      ? { reason: "unavailable", message: overdueMessage(modelId) }
      : undefined

  let reported: ModelState = "unloaded"
  actor.subscribe({
    next: ({ context }) => {
      const now = state() === "busy" ? "ready" : state()
      if (now === reported) return
      reported = now
      const late = overdue()
      if (late !== undefined) onOverdue?.(late.message)
      onReport?.({ model: modelId, state: now, failure: late ?? context.failure, atMs: clock.now() })
    },
    error: (error) => {
      onReport?.({
        model: modelId,
        state: "failed",
        failure: { reason: "failed", message: String(error) },
        atMs: clock.now(),
      })
    },
  })
  actor.start()

  const isLoaded = (): boolean => {
    const current = state()
    return (current === "ready" || current === "busy") && isWell()
  }

  const failureNow = (): ModelFailure | undefined => {
    const { context, status } = actor.getSnapshot()
    if (status !== "active") {
      return new ModelError({ model: modelId, reason: "unavailable", message: `${modelId} was stopped.` })
    }
    const failure = overdue() ?? context.failure
    if (state() !== "failed" || failure === undefined) return undefined
    return new ModelError({ model: modelId, ...failure })
  }

  return {
    state,
    isLoaded,
    inferenceStarted: () => actor.send({ type: "inference.started" }),
    inferenceEnded: () => actor.send({ type: "inference.ended" }),
    preload: Effect.suspend(() => {
      actor.send({ type: "model.wanted" })
      return untilAnswer(actor, () => {
        if (isLoaded()) return Effect.void
        const failure = failureNow()
        if (failure !== undefined) return Effect.fail(failure)
        // Unloaded while we waited: somebody else's wish was older than ours.
        if (state() === "unloaded") actor.send({ type: "model.wanted" })
        return undefined
      })
    }),
    unwanted: () => actor.send({ type: "model.unwanted" }),
    unload: Effect.suspend(() => {
      actor.send({ type: "model.unwanted" })
      let isUnloading = false
      return untilAnswer(actor, () => {
        if (actor.getSnapshot().status !== "active") return Effect.void
        if (overdue() !== undefined) return undefined
        const now = state()
        // Wanted again meanwhile, it goes straight on to the next admission.
        if (now === "unloaded" || now === "failed" || (isUnloading && now !== "unloading")) return Effect.void
        isUnloading = now === "unloading"
        return undefined
      })
    }),
    stop: () => void actor.stop(),
  }
}

const overdueMessage = (modelId: string): string =>
  `${modelId} could not be unloaded: what holds it does not end. Its memory counts as taken until it does.`
