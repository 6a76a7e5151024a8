import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { monotonicClock } from "../../audio/monotonic-clock.ts"
import type { Config } from "../../config/definition.ts"
import { llmPlacement, type Profile } from "../../models/memory-profile.ts"
import type { ChatChunk, ChatInput, ChatOutput } from "../../ports/engine.ts"
import type { LanguageModelChoice } from "../../ports/language-model.ts"
import type { ModelFailure, ModelStore } from "../../ports/models.ts"
import type { Readings } from "../../ports/readings.ts"
import type { Residency } from "../../ports/residency.ts"
import type { ModelActor, ModelReport } from "./model-actor.ts"
import { makeOllamaModels } from "./ollama-models.ts"
import { rememberedLanguageModel } from "./remembered-language-model.ts"
import { makeStandIn } from "./stand-in.ts"

export interface AnsweringModel {
  /** Which model answers now. */
  readonly current: Effect.Effect<LanguageModelChoice>
  /** Finds out anew which one it is, and loads it. */
  readonly preload: Effect.Effect<void, ModelFailure>
  /** Its id in the ledger, if one answers. */
  readonly modelId: Effect.Effect<readonly string[]>
}

/**
 * The language model that answers: one of Ollama's or the embedded one, each an actor with a lease on its memory. While
 * there is none for Ollama's, the embedded one answers, if it is installed and `llm.provider` allows for it.
 */
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
  /** `stoodIn`: it failed for want of memory, and another model answers. */
  readonly onModel: (report: ModelReport, stoodIn: boolean) => void
  readonly onNotice: (message: string) => void
}): Effect.Effect<AnsweringModel, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { config, store, embedded, instead, onNotice } = options
    const standIn = makeStandIn({ replyTokens: config.llm.maxReplyTokens, onNotice })
    const openOllama = yield* makeOllamaModels({
      residency: options.residency,
      readings: options.readings,
      ledger: llmPlacement(options.profile),
      partialOffload: config.llm.partialOffload,
      clock: monotonicClock,
      onReport: (report) => {
        const { state, failure } = report
        options.onModel(report, state === "failed" && failure !== undefined && standIn.covers(failure))
      },
      onNotice,
    })
    const remembered = rememberedLanguageModel(
      config,
      store,
      embedded,
      options.onChoice,
      openOllama,
      standIn.over,
    )
    const current = instead ?? remembered.current
    const refresh = instead === undefined ? remembered.refresh : Effect.void
    return {
      current,
      preload: Effect.andThen(
        refresh,
        Effect.flatMap(current, (choice) => (choice.type === "chosen" ? choice.model.preload : Effect.void)),
      ),
      modelId: Effect.map(current, () =>
        standIn.answers !== undefined && instead === undefined ? [standIn.answers] : [],
      ),
    }
  })
