import type { TurnOutcome, TurnSource } from "../machines/conversation/conversation-types.ts"

/** Where a turn's time went. All in ms; undefined where the turn never came so far. */
export interface TurnLatency {
  /** End of speech, as the voice activity saw it, to the commit of the turn. */
  readonly endpointMs?: number | undefined
  readonly sttMs?: number | undefined
  /** From asking the language model to its first token, and to its first whole clause. */
  readonly firstTokenMs?: number | undefined
  readonly firstClauseMs?: number | undefined
  /** Synthesis of the first clause. */
  readonly ttsMs?: number | undefined
  /** What the output device adds, as it reports it. */
  readonly outputMs?: number | undefined
  /** Neither waiting for silence nor inside a model nor in the device. */
  readonly runtimeMs?: number | undefined
  /** Loading of models between the wake word and the end of speech, which nobody noticed. */
  readonly loadHiddenMs?: number | undefined
  /** Loading of models that the answer had to wait for. */
  readonly loadFeltMs?: number | undefined
  /** End of speech to first audible sample. */
  readonly totalMs?: number | undefined
}

export type TurnRoute = "phrase" | "llm" | "none"

/** Everything about one turn that ended. Holds what was said: never logged, never sent where text is not asked for. */
export interface TurnRecord {
  readonly id: string
  readonly revision: number
  readonly source: TurnSource
  readonly outcome: TurnOutcome
  readonly wake: { readonly score: number; readonly atMs: number } | undefined
  readonly speech: { readonly startMs: number; readonly endMs: number } | undefined
  readonly transcript: string
  readonly confidence: number | undefined
  readonly route: TurnRoute
  /** What was written. */
  readonly reply: string
  /** What of it was played. */
  readonly heard: string
  /** What the conversation remembers in its place: somebody else's words were in it, or a challenge word. */
  readonly remembered?: string | undefined
  readonly replyAudioMs: number
  readonly latency: TurnLatency
  readonly interrupted: boolean
}
