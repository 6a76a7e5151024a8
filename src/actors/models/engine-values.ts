import type {
  ChatChunk,
  ChatInput,
  ChatOutput,
  ListenerInput,
  ListenerOutput,
  SynthesizeInput,
  SynthesizeOutput,
  TranscribeInput,
  TranscribeOutput,
  WakeScore,
} from "../../ports/engine.ts"

/**
 * What one kind of engine takes and gives. The checks are the edge where a host's answer becomes a typed value;
 * `Input` only travels in the type.
 */
export interface EngineValues<Input, Chunk, Output> {
  isChunk(value: unknown): value is Chunk
  isOutput(value: unknown): value is Output
  readonly input?: (input: Input) => void
}

export const listenerValues: EngineValues<ListenerInput, never, ListenerOutput> = {
  isChunk: isNothing,
  isOutput: (value): value is ListenerOutput =>
    hasFields(value, "voiceActivity", "wake") &&
    isNumbers(value.voiceActivity) &&
    Array.isArray(value.wake) &&
    value.wake.every(isWakeScore),
}

export const transcribeValues: EngineValues<TranscribeInput, never, TranscribeOutput> = {
  isChunk: isNothing,
  isOutput: (value): value is TranscribeOutput =>
    hasFields(value, "text", "confidence") && typeof value.text === "string" && isNumber(value.confidence),
}

export const synthesizeValues: EngineValues<SynthesizeInput, never, SynthesizeOutput> = {
  isChunk: isNothing,
  isOutput: (value): value is SynthesizeOutput =>
    hasFields(value, "samples", "rateHz") && value.samples instanceof Int16Array && isNumber(value.rateHz),
}

export const chatValues: EngineValues<ChatInput, ChatChunk, ChatOutput> = {
  isChunk: (value): value is ChatChunk => hasFields(value, "text") && typeof value.text === "string",
  isOutput: (value): value is ChatOutput =>
    hasFields(value, "stopReason", "promptTokens", "outputTokens") &&
    (value.stopReason === "end" || value.stopReason === "length" || value.stopReason === "cancelled") &&
    isNumber(value.promptTokens) &&
    isNumber(value.outputTokens),
}

function isNothing(_value: unknown): _value is never {
  return false
}

const hasFields = <K extends string>(value: unknown, ...names: readonly K[]): value is Record<K, unknown> =>
  typeof value === "object" && value !== null && names.every((name) => name in value)

const isNumber = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value)

const isWakeScore = (value: unknown): value is WakeScore =>
  hasFields(value, "score", "frame") && isNumber(value.score) && isNumber(value.frame)

const isNumbers = (value: unknown): value is readonly number[] =>
  Array.isArray(value) && value.every(isNumber)
