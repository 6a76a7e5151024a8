import * as Effect from "effect/Effect"
import { resampleClip } from "../../audio/resampler.ts"
import { tone } from "../../audio/tone.ts"
import type { TurnKey } from "../../machines/conversation/conversation-types.ts"
import type { SpeechPcm } from "../../ports/audio.ts"
import { ClauseSplitter } from "../../text/clause-splitter.ts"
import { normaliseForSpeech } from "../../text/normalise.ts"
import { withoutWakeWord } from "../../text/wake-phrase.ts"
import type { AnswerServices, Tell } from "./answer-services.ts"

/** What stands in for a clause that could not be synthesised: the text is shown, the tone says that there is one. */
const FALLBACK_TONE = { frequencyHz: 660, durationMs: 180, levelDbfs: -20 }

/**
 * Synthesises one written clause and puts it at the gate. Gives false where nothing was left to say (a bare code
 * block, an emoji). Never fails: without a voice the clause becomes a tone.
 */
export const speakClause = (
  services: AnswerServices,
  key: TurnKey,
  tell: Tell,
  written: string,
): Effect.Effect<boolean> =>
  Effect.gen(function* () {
    const text = withoutWakeWord(normaliseForSpeech(written)).trim()
    if (text === "") return false
    const { ledger, output, timebase, outputRateHz } = services
    const fromMs = timebase.monotonic()
    const pcm = yield* services.pending.track(voiced(services, text))
    const clip = yield* resampleClip(pcm, outputRateHz).pipe(Effect.orElseSucceed(() => pcm))
    const turn = ledger.revise(key)
    if (turn.marks.tts === undefined) ledger.mark(key, { tts: { fromMs, toMs: timebase.monotonic() } })
    turn.reply.push(written.trim())
    output.add(key, text, clip)
    yield* tell({ type: "turn.clause", ...key })
    return true
  })

/** Speaks a text that is written already, clause by clause, so that a long one is heard as early as a short one. */
export const speakText = (
  services: AnswerServices,
  key: TurnKey,
  tell: Tell,
  text: string,
): Effect.Effect<void> => {
  const splitter = new ClauseSplitter()
  const clauses = [...splitter.push(text), ...splitter.flush()]
  return Effect.forEach(clauses, (clause) => speakClause(services, key, tell, clause), { discard: true })
}

const voiced = (services: AnswerServices, text: string): Effect.Effect<SpeechPcm> =>
  services.tts.synthesize(text).pipe(
    Effect.tap(() => Effect.sync(() => services.onPart("tts", true))),
    Effect.catch(() =>
      Effect.sync(() => {
        services.onPart("tts", false)
        return tone({ ...FALLBACK_TONE, rateHz: services.outputRateHz })
      }),
    ),
  )
