import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { ConsentInput, ConsentJudged } from "../../machines/conversation/conversation-types.ts"
import type { Consent } from "../../ports/consent.ts"
import type { SpeechToText } from "../../ports/speech.ts"
import type { HeardSound } from "./answer-services.ts"

const unheard = { text: "", confidence: 0 }

/** Sound before and after the answer that is transcribed with it. */
const MARGIN_MS = 200

/**
 * Transcribes the answer to a consent question and hands it to the guard, which alone decides. An answer that cannot be
 * heard is handed over as silence: the guard denies it.
 */
export const judgeConsent =
  (services: {
    readonly hearing: HeardSound
    readonly stt: SpeechToText
    readonly consent: Consent
    readonly echoSuspect: () => boolean
  }) =>
  (input: ConsentInput): Stream.Stream<ConsentJudged> =>
    Stream.fromEffect(
      Effect.gen(function* () {
        const { consentId, fromMs, toMs, questionEndMs } = input
        const heard = services.stt.transcribe(services.hearing.sound(fromMs - MARGIN_MS, toMs + MARGIN_MS))
        const { text, confidence } =
          toMs > fromMs ? yield* heard.pipe(Effect.orElseSucceed(() => unheard)) : unheard
        const echoSuspect = services.echoSuspect()
        yield* services.consent.answer({
          type: "spoken",
          consentId,
          transcript: text,
          confidence,
          audioStartMs: fromMs,
          questionEndMs,
          echoSuspect,
        })
        return { type: "consent.judged", consentId } as const
      }),
    )
