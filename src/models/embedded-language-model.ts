import type { Effect } from "effect/Effect"
import * as Stream from "effect/Stream"
import type { ChatChunk, ChatInput, ChatOutput } from "../ports/engine.ts"
import type { ChatEvent, LanguageModel } from "../ports/language-model.ts"
import type { ModelFailure } from "../ports/models.ts"
import { ThinkFilter } from "../text/think-filter.ts"

/** What is needed of the model actor that runs engine "llama". Interrupting the stream cancels the inference. */
export interface ChatActor {
  readonly preload: Effect<void, ModelFailure>
  inferStream(
    input: ChatInput,
  ): Stream.Stream<
    | { readonly type: "chunk"; readonly value: ChatChunk }
    | { readonly type: "done"; readonly value: ChatOutput },
    ModelFailure
  >
}

export interface EmbeddedLanguageModelOptions {
  readonly name: string
  readonly actor: ChatActor
  readonly contextTokens: number
  readonly replyTokens: number
  /** Default 0: a model this small says nonsense as soon as it may choose. */
  readonly temperature?: number | undefined
  readonly seed?: number | undefined
}

/** The language model that runs in a process of our own. It is too small to call tools, so they are not shown to it. */
export const makeEmbeddedLanguageModel = (options: EmbeddedLanguageModelOptions): LanguageModel => ({
  name: options.name,
  placement: "embedded",
  contextTokens: options.contextTokens,
  preload: options.actor.preload,
  chat: ({ messages }) =>
    Stream.suspend(() => {
      const think = new ThinkFilter()
      const input: ChatInput = {
        messages,
        maxTokens: options.replyTokens,
        temperature: options.temperature ?? 0,
        seed: options.seed,
      }
      return options.actor.inferStream(input).pipe(
        Stream.flatMap((item): Stream.Stream<ChatEvent> => {
          if (item.type === "chunk") return Stream.fromIterable(spoken(think.push(item.value.text)))
          const end: ChatEvent = { type: "end", stopReason: item.value.stopReason }
          return Stream.fromIterable([...spoken(think.flush()), end])
        }),
      )
    }),
})

const spoken = (text: string): readonly ChatEvent[] => (text === "" ? [] : [{ type: "text", text }])
