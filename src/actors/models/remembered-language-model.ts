import * as Effect from "effect/Effect"
import * as Semaphore from "effect/Semaphore"
import type { Config } from "../../config/definition.ts"
import { chooseLanguageModel, type LanguageModelWishes } from "../../models/choose-language-model.ts"
import { makeEmbeddedLanguageModel } from "../../models/embedded-language-model.ts"
import type { ChatChunk, ChatInput, ChatOutput } from "../../ports/engine.ts"
import type { LanguageModelChoice } from "../../ports/language-model.ts"
import type { ModelStore } from "../../ports/models.ts"
import type { ModelActor } from "./model-actor.ts"

/** A processor reads about 150 tokens a second: what is to be read anew once in a while must be little. */
const EMBEDDED_CONTEXT_TOKENS = 1024

export interface RememberedLanguageModel {
  /** Which model answers, as it was last found out; asks only the first time. */
  readonly current: Effect.Effect<LanguageModelChoice>
  /** Finds out anew. Run when there is time (at the wake word), never while the user waits. */
  readonly refresh: Effect.Effect<void>
}

/** The choice of the language model, made aside from the turns that use it. */
export const rememberedLanguageModel = (
  config: Config,
  store: ModelStore,
  actor: ModelActor<ChatInput, ChatChunk, ChatOutput>,
  onChoice: (choice: LanguageModelChoice) => void = () => {},
  openOllama?: LanguageModelWishes["openOllama"],
  complete: (choice: LanguageModelChoice) => LanguageModelChoice = (choice) => choice,
): RememberedLanguageModel => {
  const oneAtATime = Semaphore.makeUnsafe(1)
  let known: LanguageModelChoice | undefined
  const choose = Effect.gen(function* () {
    const wishes = yield* wishesOf(config, store, actor)
    const choice = complete(yield* chooseLanguageModel({ ...wishes, openOllama }))
    known = choice
    onChoice(choice)
    return choice
  })
  const first = oneAtATime.withPermits(1)(
    Effect.suspend(() => (known === undefined ? choose : Effect.succeed(known))),
  )
  return {
    // What is known is given at once: a turn does not wait for a look at a server that hangs.
    current: Effect.suspend(() => (known === undefined ? first : Effect.succeed(known))),
    refresh: oneAtATime.withPermits(1)(Effect.asVoid(choose)),
  }
}

const wishesOf = (
  { llm, memory, privacy }: Config,
  store: ModelStore,
  actor: ModelActor<ChatInput, ChatChunk, ChatOutput>,
): Effect.Effect<LanguageModelWishes> =>
  Effect.gen(function* () {
    const mayEmbed = llm.provider === "auto" || llm.provider === "embedded"
    const isInstalled = mayEmbed && (yield* Effect.isSuccess(store.installed(llm.embeddedModel)))
    const replyTokens = llm.maxReplyTokens
    return {
      ollama: {
        enabled: llm.provider === "auto" || llm.provider === "ollama",
        url: llm.ollamaUrl,
        model: llm.ollamaModel,
      },
      privacy: { allowRemoteLlm: privacy.allowRemoteLlm },
      settings: {
        contextTokens: llm.numCtx,
        replyTokens,
        keepAlive: llm.keepAlive,
        firstTokenMs: llm.firstTokenMs,
        coldLoadMs: llm.coldLoadMs,
        // Configured, not by default: Ollama can use GPUs that cannot be read here.
        processorOnly: memory.profile === "cpu",
      },
      embedded: isInstalled
        ? makeEmbeddedLanguageModel({
            name: llm.embeddedModel,
            actor,
            contextTokens: Math.min(llm.numCtx, EMBEDDED_CONTEXT_TOKENS),
            replyTokens,
          })
        : undefined,
    }
  })
