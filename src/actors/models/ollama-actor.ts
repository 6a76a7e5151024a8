import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { DEFAULT_RETRY_MS } from "../../machines/model/model.ts"
import type { ModelTimes } from "../../machines/model/model-types.ts"
import { contextsToTry } from "../../machines/model/partial-offload.ts"
import { ModelError } from "../../models/model-error.ts"
import { keepsNothing, ollamaRetry } from "../../models/ollama-calls.ts"
import { isOutOfMemory, isServerBusy } from "../../models/ollama-failure.ts"
import type { ChatEvent, ChatRequest, LanguageModel } from "../../ports/language-model.ts"
import type { ModelFailure, ModelState } from "../../ports/models.ts"
import { type ModelReport, startModelLife } from "./model-life.ts"
import { makeOllamaEffects, type OllamaEffectsOptions, type OllamaTimes } from "./ollama-effects.ts"
import { ollamaVariants } from "./ollama-variants.ts"

export interface OllamaActorOptions extends Omit<OllamaEffectsOptions, "times" | "onFound"> {
  /** What its weights are expected to take, in MiB. */
  readonly weightsMib: number
  readonly times?: Partial<OllamaTimes & Pick<ModelTimes, "retryMs">> | undefined
  readonly onReport?: ((report: ModelReport) => void) | undefined
}

/** A language model in an Ollama server, with a lease on its memory and a watch over it. */
export interface OllamaActor extends LanguageModel {
  readonly placement: "ollama"
  state(): ModelState
  /** Waits for the replies under way; ends when the memory is verified to be back, or is reported not to be. */
  readonly unload: Effect.Effect<void>
}

const DEFAULT_TIMES: OllamaTimes = { admitMs: 10_000, pollMs: 5_000, recheckMs: 500, unloadMs: 10_000 }
/** A look is an HTTP request on this machine; one so recent need not be taken again before a reply. */
const FRESH_MS = 2_000
/** How long after a loss a server that does not answer is taken for one that restarts. */
const RESTART_MS = 15_000
const GRACE_MS = 3_000
/** No model that anybody would listen to is slower. */
const SLOWEST_TOKEN_MS = 1_000

/**
 * The model machine over a server that is not ours: it restarts, forgets the model, evicts it for another client, and
 * says that it has done what it has not yet. Whatever it says is verified. Ends with the scope, and leaves the model to
 * the server's `keep_alive`.
 */
export const makeOllamaActor = (
  options: OllamaActorOptions,
): Effect.Effect<OllamaActor, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { model, clock, coldLoadMs, firstTokenMs } = options
    const times = { ...DEFAULT_TIMES, ...options.times }
    const effects = yield* makeOllamaEffects({
      ...options,
      times,
      onFound: (found) => tenancy.found(found),
    })
    const life = startModelLife({
      input: { modelId: model, times: machineTimes(options, times), reload: "on-demand" },
      deeds: {
        ...effects,
        loadModel: effects.loadModel.pipe(
          Effect.tap(() => Effect.sync(() => tenancy.loaded(effects.loadedAs()))),
          Effect.tapError((failure) =>
            Effect.sync(() => {
              if (isOutOfMemory(failure)) tenancy.outOfMemory()
            }),
          ),
        ),
      },
      isWell: effects.isWell,
      clock,
      onReport: options.onReport,
    })
    yield* Effect.addFinalizer(() => Effect.sync(life.stop))
    const tenancy = yield* options.residency.register({
      model,
      modelClass: "llm",
      pinned: false,
      variants: ollamaVariants(options, { weightsMib: options.weightsMib, placement: options.ledger }),
      evict: (force) =>
        Effect.suspend(() => {
          life.unwanted()
          if (force) cutOff()
          return Effect.andThen(Effect.andThen(life.unload, effects.clear), effects.memoryBack)
        }),
    })

    /** Fails for the replies under way when the memory is taken from under them. */
    let cut = Deferred.makeUnsafe<never, ModelFailure>()
    const cutOff = (): void => {
      const message = `${model} was unloaded in the middle of a reply: its memory was needed at once.`
      Deferred.doneUnsafe(cut, Effect.fail(new ModelError({ model, reason: "refused", message })))
      cut = Deferred.makeUnsafe()
    }

    let inUse = 0
    const use = (by: 1 | -1): void => {
      inUse += by
      if (by > 0) life.inferenceStarted()
      else life.inferenceEnded()
      effects.setInUse(inUse > 0)
      if (inUse === (by > 0 ? 1 : 0)) tenancy.busy(inUse > 0)
    }

    /** The server was well a moment ago, so it may only be restarting. */
    const mayComeBack = (failure: ModelFailure): boolean =>
      isServerBusy(failure) || (failure.reason === "unavailable" && effects.lostAgoMs() < RESTART_MS)

    /** Loads the model if it is not there, whatever was believed. A wish to unload it stands. */
    const load = Effect.suspend(() =>
      life.isLoaded() && inUse === 0 && effects.seenAgoMs() > FRESH_MS ? effects.look : Effect.void,
    ).pipe(Effect.andThen(Effect.suspend(() => (life.isLoaded() ? Effect.void : life.preload))))

    const reply = (
      request: ChatRequest,
      firstMs: number,
      emit: (event: ChatEvent) => Effect.Effect<unknown>,
    ): Effect.Effect<void, ModelFailure> =>
      Effect.uninterruptibleMask((restore) =>
        Effect.gen(function* () {
          do yield* restore(load)
          while (!life.isLoaded())
          use(1)
          const replying = Stream.runForEach(effects.calls().chat(request, firstMs), emit)
          yield* restore(Effect.raceFirst(replying, Deferred.await(cut))).pipe(
            Effect.ensuring(Effect.sync(() => use(-1))),
          )
        }),
      )

    const chat = (request: ChatRequest): Stream.Stream<ChatEvent, ModelFailure> =>
      Stream.callback<ChatEvent, ModelFailure>(
        (queue) => {
          let emitted = false
          let failures = 0
          const emit = (event: ChatEvent) => {
            emitted = true
            return Queue.offer(queue, event)
          }
          // Nothing was heard of it yet. A model that kills its runner twice does so a third time.
          const mayRetry = (failure: ModelFailure): boolean =>
            !emitted && (mayComeBack(failure) || (failure.reason === "died" && failures < 2))
          const attempt = Effect.suspend(() =>
            // A server whose runner died loads the model again within the next request.
            Effect.tapError(reply(request, failures === 0 ? firstTokenMs : coldLoadMs, emit), (failure) => {
              if (isServerBusy(failure)) return Effect.void
              failures += 1
              return effects.look
            }),
          )
          return attempt.pipe(
            Effect.retry({ ...ollamaRetry(options), while: mayRetry }),
            Effect.matchEffect({
              onSuccess: () => Queue.end(queue),
              onFailure: (failure) => Queue.fail(queue, failure),
            }),
            Effect.ensuring(
              Effect.sync(() => keepsNothing(options.keepAlive) && inUse === 0 && life.unwanted()),
            ),
          )
        },
        { bufferSize: 64, strategy: "suspend" },
      )

    return {
      name: model,
      placement: "ollama",
      callsTools: options.capabilities.includes("tools"),
      // A smaller one, where only that fits.
      get contextTokens() {
        return effects.contextTokens()
      },
      preload: Effect.retry(load, { ...ollamaRetry(options), while: mayComeBack }),
      chat,
      state: life.state,
      unload: life.unload,
    }
  })

/** The machine's deadlines lie behind those of its effects, which know better what went wrong. */
const machineTimes = (
  options: OllamaActorOptions,
  times: OllamaTimes & Partial<Pick<ModelTimes, "retryMs">>,
): ModelTimes => {
  const { coldLoadMs, firstTokenMs, replyTokens } = options
  return {
    admitMs: times.admitMs + GRACE_MS,
    loadMs: contextsToTry(options).length * (coldLoadMs + 2 * GRACE_MS),
    busyMs: 2 * coldLoadMs + firstTokenMs + replyTokens * SLOWEST_TOKEN_MS,
    unloadMs: times.unloadMs + GRACE_MS,
    retryMs: times.retryMs ?? DEFAULT_RETRY_MS,
  }
}
