import type { TurnLatency } from "../../ports/turn.ts"
import { type Span, uncoveredMs } from "../spans.ts"

/** The moments and spans of one revision of a turn, on the monotonic clock, in ms. */
export interface TurnMarks {
  /** End of the speech, as the voice activity saw it. */
  readonly endOfSpeech?: number | undefined
  readonly committed?: number | undefined
  readonly stt?: Span | undefined
  readonly llm?:
    | { readonly asked: number; readonly firstToken?: number; readonly firstClause?: number }
    | undefined
  readonly tts?: Span | undefined
  /** First audible sample handed to the device, and what the device adds to it. */
  readonly audible?: { readonly atMs: number; readonly latencyMs: number } | undefined
}

/** Where the time from the end of speech to the first audible sample went. */
export const turnLatency = (marks: TurnMarks): TurnLatency => {
  const { endOfSpeech, committed, stt, llm, tts, audible } = marks
  const span = (from: number | undefined, to: number | undefined) =>
    from === undefined || to === undefined ? undefined : to - from
  const spans: Span[] = []
  if (endOfSpeech !== undefined && committed !== undefined)
    spans.push({ fromMs: endOfSpeech, toMs: committed })
  if (stt !== undefined) spans.push(stt)
  if (llm?.firstClause !== undefined) spans.push({ fromMs: llm.asked, toMs: llm.firstClause })
  if (tts !== undefined) spans.push(tts)
  const start = endOfSpeech ?? llm?.asked ?? tts?.fromMs
  const handed = audible?.atMs
  const waited = span(start, handed)
  return {
    endpointMs: span(endOfSpeech, committed),
    sttMs: span(stt?.fromMs, stt?.toMs),
    firstTokenMs: span(llm?.asked, llm?.firstToken),
    firstClauseMs: span(llm?.asked, llm?.firstClause),
    ttsMs: span(tts?.fromMs, tts?.toMs),
    outputMs: audible?.latencyMs,
    runtimeMs:
      start === undefined || handed === undefined
        ? undefined
        : uncoveredMs({ fromMs: start, toMs: handed }, spans),
    totalMs: waited === undefined ? undefined : waited + (audible?.latencyMs ?? 0),
  }
}
