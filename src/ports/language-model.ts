import type { Effect } from "effect/Effect"
import type { Stream } from "effect/Stream"
import type { ChatMessage } from "./engine.ts"
import type { ModelFailure, ModelState } from "./models.ts"
import type { ToolCall, ToolDefinition } from "./tools.ts"

export interface ChatRequest {
  readonly messages: readonly ChatMessage[]
  readonly tools: readonly ToolDefinition[]
}

export type ChatEvent =
  | { readonly type: "text"; readonly text: string }
  /** Whoever runs the turn adds the turn's id and revision. */
  | { readonly type: "tool-call"; readonly call: Omit<ToolCall, "turnId" | "revision"> }
  /** The model asked for a tool in a way that cannot be understood. `problem` never repeats its arguments. */
  | { readonly type: "tool-call-invalid"; readonly name: string; readonly problem: string }
  | { readonly type: "end"; readonly stopReason: "end" | "length" | "cancelled" }

/** A model that answers. `<think>` never comes out of it. Interrupting the stream cancels the generation. */
export interface LanguageModel {
  readonly name: string
  readonly placement: "ollama" | "embedded"
  /** Whether it can call tools; it is told of none where it is left out. */
  readonly callsTools?: boolean | undefined
  /** Tokens of prompt and reply together. */
  readonly contextTokens: number
  /** Loads the model, with the options a chat will use; may take long when cold. */
  readonly preload: Effect<void, ModelFailure>
  chat(request: ChatRequest): Stream<ChatEvent, ModelFailure>
  /** Absent where nobody watches it, or a model actor of its own is asked. */
  state?(): ModelState
  /** What the user is to hear about who answers: the same until it is `taken`, and once for each cause. */
  readonly spokenNotice?: SpokenNotice | undefined
}

export interface SpokenNotice {
  readonly text: string
  /** It is spoken now. */
  taken(): void
}

/** Which model answers, and why. `notice` is a sentence for the user when it is not what was configured. */
export type LanguageModelChoice =
  | {
      readonly type: "chosen"
      readonly model: LanguageModel
      /** Answers while there is no memory for `model`; never one that is further away. Absent where there is none. */
      readonly standIn?: LanguageModel | undefined
      readonly notice?: string | undefined
    }
  | { readonly type: "none"; readonly notice: string }
