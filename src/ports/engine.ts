import type { EngineOptions } from "./host-protocol.ts"
import type { Placement } from "./residency.ts"

/**
 * One engine, as the worker thread of a host sees it. One file an engine in `src/models`, each exporting an `Engine`.
 * `infer` may block its thread: the host's main thread stays free to answer pings.
 */
export interface Engine<Input, Chunk, Output> {
  /** What it began on import, and a load waits for. */
  readonly prepared?: Promise<unknown> | undefined
  load(options: EngineOptions): Promise<LoadedEngine<Input, Chunk, Output>>
}

export interface LoadedEngine<Input, Chunk, Output> {
  /** Rejects with an Error whose message names the cause; stops early, where it can, once `signal` is aborted. */
  infer(input: Input, emit: (chunk: Chunk) => void, signal: AbortSignal): Promise<Output>
  dispose(): Promise<void>
  /** What is not as it was asked for, in a sentence for the user: it runs on the processor instead of the GPU. */
  readonly notice?: string | undefined
  /** Where it runs, which may not be where it was asked to; of an engine that does not tell, nothing else is known. */
  readonly placement?: Placement | undefined
}

/** Engine "listener": wake word and voice activity, stateful, fed every frame in order. */
export interface ListenerInput {
  /** Int16Array, mono, 16 kHz, a whole number of 512-sample frames. */
  readonly samples: Int16Array
}
export interface ListenerOutput {
  /** Speech probability of each 512-sample frame, in order. */
  readonly voiceActivity: readonly number[]
  /** One for each 1280-sample step that was completed in this input. */
  readonly wake: readonly WakeScore[]
}
export interface WakeScore {
  /** 0..1; 0 during the warm-up mask. */
  readonly score: number
  /** The frame of the input, counted from 0, in which the step was completed. */
  readonly frame: number
}

/** Engine "moonshine". */
export interface TranscribeInput {
  /** Int16Array, mono, 16 kHz, at least 1600 samples (0.1 s). */
  readonly samples: Int16Array
}
export interface TranscribeOutput {
  readonly text: string
  /** Geometric mean of the chosen tokens' probabilities, 0..1. */
  readonly confidence: number
}

/** Engines "piper" and "kokoro". */
export interface SynthesizeInput {
  readonly text: string
  /** 1 is the voice's own pace; 2 is twice as fast. */
  readonly speed?: number | undefined
  /** Kokoro: the voice's name; Piper has one voice a file. */
  readonly voice?: string | undefined
}
export interface SynthesizeOutput {
  /** Int16Array, mono, `rateHz`; leading and trailing near-silence trimmed to at most 20 ms and 60 ms. */
  readonly samples: Int16Array
  readonly rateHz: number
}

/** Engine "llama". */
export interface ChatInput {
  readonly messages: readonly ChatMessage[]
  readonly maxTokens: number
  readonly temperature: number
  readonly seed?: number | undefined
}
export interface ChatMessage {
  readonly role: "system" | "user" | "assistant" | "tool"
  readonly content: string
  /** What the assistant asked for in this message. */
  readonly toolCalls?: readonly ChatToolCall[] | undefined
  /** Whose result this is; of role "tool" only. */
  readonly toolName?: string | undefined
}
interface ChatToolCall {
  readonly name: string
  readonly arguments: Readonly<Record<string, unknown>>
}
export interface ChatChunk {
  readonly text: string
}
export interface ChatOutput {
  readonly stopReason: "end" | "length" | "cancelled"
  readonly promptTokens: number
  readonly outputTokens: number
}
