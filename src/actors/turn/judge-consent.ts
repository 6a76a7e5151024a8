import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { ConsentInput, ConsentJudged } from "../../machines/conversation/conversation-types.ts"
import type { Consent } from "../../ports/consent.ts"
import type { Transcript } from "../../ports/speech.ts"
import { INTERJECTIONS } from "../../text/classify.ts"
import { repeatsOwnWords } from "../../text/own-words.ts"
import { plainWords } from "../../text/utterance-words.ts"
import type { AnswerServices } from "./answer-services.ts"

type Heard = Pick<Transcript, "text" | "confidence">

const silence: Heard = { text: "", confidence: 0 }

/** Sound before and after the answer that is transcribed with it. */
const MARGIN_MS = 200

/** Below this there was no speech: see `classifyTranscript`. */
const MIN_SPEECH_CONFIDENCE = 0.3

/**
 * Transcribes the answer to a consent question and hands it to the guard, which alone decides. What is no answer at
 * all, a noise or Jett's own voice, is not handed over: the question goes on. An answer that cannot be transcribed is
 * handed over as silence, and so is none until the end of the time: the guard denies both.
 */
export const judgeConsent =
  (
    services: Pick<AnswerServices, "hearing" | "stt" | "ledger" | "timebase" | "pending"> & {
      readonly consent: Consent
      readonly echoSuspect: () => boolean
    },
  ) =>
  (input: ConsentInput): Stream.Stream<ConsentJudged> =>
    Stream.fromEffect(
      Effect.gen(function* () {
        const { consentId, fromMs, toMs, questionEndMs } = input
        const { hearing, stt, pending, timebase } = services
        const answered = toMs > fromMs
        const sound = hearing.sound(fromMs - MARGIN_MS, toMs + MARGIN_MS)
        const transcribed = pending.track(Effect.exit(stt.transcribe(sound)))
        const exit = answered ? yield* transcribed : undefined
        const heard: Heard = exit?._tag === "Success" ? exit.value : silence
        if (exit?._tag === "Success" && isNoAnswer(heard, services, input))
          return { type: "consent.unheard", consentId, nowMs: timebase.audioNow() } as const
        const echoSuspect = services.echoSuspect()
        yield* services.consent.answer({
          type: "spoken",
          consentId,
          transcript: heard.text,
          confidence: heard.confidence,
          audioStartMs: fromMs,
          questionEndMs,
          echoSuspect,
        })
        return { type: "consent.judged", consentId } as const
      }),
    )

const isNoAnswer = (
  { text, confidence }: Heard,
  { ledger }: Pick<AnswerServices, "ledger">,
  input: ConsentInput,
): boolean => {
  const words = plainWords(text).filter((word) => /\p{L}/u.test(word))
  const [only] = words
  if (only === undefined || confidence < MIN_SPEECH_CONFIDENCE) return true
  if (words.length === 1 && INTERJECTIONS.has(only)) return true
  const question = ledger.revise(input).reply.at(-1) ?? ""
  return input.fromMs < input.questionEndMs && repeatsOwnWords(text, question)
}
