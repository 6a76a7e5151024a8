import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { monotonicClock } from "../../audio/monotonic-clock.ts"
import type { Config } from "../../config/definition.ts"
import { ollamaPlacement, type Profile } from "../../models/memory-profile.ts"
import type { ChatChunk, ChatInput, ChatOutput } from "../../ports/engine.ts"
import type { LanguageModelChoice } from "../../ports/language-model.ts"
import type { ModelFailure, ModelStore } from "../../ports/models.ts"
import type { Readings } from "../../ports/readings.ts"
import type { Residency } from "../../ports/residency.ts"
import type { ModelActor, ModelReport } from "./model-actor.ts"
import { makeOllamaModels } from "./ollama-models.ts"
import { rememberedLanguageModel } from "./remembered-language-model.ts"

export interface AnsweringModel {
  /** Which model answers now. */
  readonly current: Effect.Effect<LanguageModelChoice>
  /** Finds out anew which one it is, and loads it. */
  readonly preload: Effect.Effect<void, ModelFailure>
  /** Its id in the ledger, if one answers. */
  readonly modelId: Effect.Effect<readonly string[]>
}

/** The language model that answers: one of Ollama's or the embedded one, each an actor with a lease on its memory. */
export const answeringModel = (options: {
  readonly config: Config
  readonly store: ModelStore
  readonly embedded: ModelActor<ChatInput, ChatChunk, ChatOutput>
  readonly residency: Residency
  /** Absent where no GPU can be read. */
  readonly readings: Readings | undefined
  readonly profile: Profile
  /** Answers in the place of the configured one. */
  readonly instead: Effect.Effect<LanguageModelChoice> | undefined
  readonly onChoice: ((choice: LanguageModelChoice) => void) | undefined
  readonly onModel: (report: ModelReport) => void
  readonly onNotice: (message: string) => void
}): Effect.Effect<AnsweringModel, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { config, store, embedded, instead } = options
    const openOllama = yield* makeOllamaModels({
      residency: options.residency,
      ...(options.readings !== undefined && { readings: options.readings }),
      ledger: ollamaPlacement(options.profile),
      partialOffload: config.llm.partialOffload,
      clock: monotonicClock,
      onReport: options.onModel,
      onNotice: options.onNotice,
    })
    const remembered = rememberedLanguageModel(config, store, embedded, options.onChoice, openOllama)
    const current = instead ?? remembered.current
    const refresh = instead === undefined ? remembered.refresh : Effect.void
    return {
      current,
      preload: Effect.andThen(
        refresh,
        Effect.flatMap(current, (choice) => (choice.type === "chosen" ? choice.model.preload : Effect.void)),
      ),
      modelId: Effect.map(current, (choice) =>
        choice.type === "chosen" && instead === undefined ? [choice.model.name] : [],
      ),
    }
  })
