import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import type { LanguageModel } from "../ports/language-model.ts"
import type { ModelFailure } from "../ports/models.ts"
import { makeOllamaCalls, type OllamaModelOptions } from "./ollama-calls.ts"
import { deadlineFailure } from "./ollama-failure.ts"

export interface OllamaModel extends LanguageModel {
  readonly placement: "ollama"
  /** Succeeds when `/api/ps` no longer lists the model; Ollama answers the request itself before that. */
  readonly unload: Effect.Effect<void, ModelFailure>
}

/** A model that was used so lately is still loaded: no need to ask. */
const FRESH_MS = 10_000
const UNLOAD_DEADLINE_MS = 10_000
const UNLOAD_POLL_MS = 100

/**
 * A model in an Ollama server, loaded by whoever asks it, with no lease and no watch over it: for a look at a server,
 * not for a conversation, which goes through `actors/models/ollama-actor.ts`.
 */
export const makeOllamaModel = (options: OllamaModelOptions): OllamaModel => {
  const { server, model, firstTokenMs, coldLoadMs } = options
  const calls = makeOllamaCalls(options)
  let usedAtMs = Number.NEGATIVE_INFINITY
  const noteUse = Effect.map(Clock.currentTimeMillis, (now) => {
    usedAtMs = now
  })

  const isLoaded: Effect.Effect<boolean> = Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    if (now - usedAtMs < FRESH_MS) return true
    const resident = yield* Effect.orElseSucceed(server.resident(model), () => undefined)
    return resident !== undefined
  })

  return {
    name: model,
    placement: "ollama",
    callsTools: options.capabilities.includes("tools"),
    contextTokens: options.contextTokens,
    preload: Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis
      if (now - usedAtMs < FRESH_MS) return
      yield* calls.load
      yield* noteUse
    }),
    chat: (request) =>
      Stream.unwrap(
        Effect.map(isLoaded, (loaded) => calls.chat(request, loaded ? firstTokenMs : coldLoadMs)),
      ).pipe(Stream.tap(({ type }) => (type === "end" ? noteUse : Effect.void))),
    unload: Effect.gen(function* () {
      usedAtMs = Number.NEGATIVE_INFINITY
      const gone = Effect.map(server.resident(model), (resident) => resident === undefined)
      const unloading = Effect.andThen(
        calls.expire,
        Effect.repeat(gone, { until: (isGone) => isGone, schedule: Schedule.spaced(UNLOAD_POLL_MS) }),
      )
      yield* Effect.timeoutOrElse(unloading, {
        duration: UNLOAD_DEADLINE_MS,
        orElse: () => Effect.fail(deadlineFailure(model, "not unloaded", UNLOAD_DEADLINE_MS)),
      })
    }),
  }
}
