import * as Effect from "effect/Effect"
import type { AnswerInput, Verdict } from "../../machines/conversation/conversation-types.ts"
import type { ModelFailure } from "../../ports/models.ts"
import { classifyTranscript, type HeardUtterance } from "../../text/classify.ts"
import { isCompletePhrase } from "../../text/match-phrase.ts"
import type { PhraseMatch } from "../../text/phrases.ts"
import { wakeEvidence } from "../../text/wake-phrase.ts"
import type { AnswerServices } from "./answer-services.ts"

/** What a turn amounts to. `verdict` is all that the conversation machine learns of it. */
export type Understood =
  | { readonly kind: "nothing"; readonly verdict: Verdict }
  | { readonly kind: "unclear"; readonly verdict: Verdict }
  | { readonly kind: "phrase"; readonly verdict: Verdict; readonly match: PhraseMatch }
  | { readonly kind: "free"; readonly verdict: Verdict; readonly text: string }

const nothing: Understood = { kind: "nothing", verdict: "nothing" }
const notForUs: Understood = { kind: "nothing", verdict: "not-for-us" }

/** Sound kept after the first silent sample: the last consonant is quieter than what the voice activity counts. */
const POST_ROLL_MS = 96

/** What the recogniser makes of half a sound at the start of a clip. */
const STRAY_MARKS = /^[\s"'“”‘’.,;:!?-]+(?=[\p{L}\p{N}])/u

/** The shortest clip that speech to text takes, in samples at 16 kHz. */
const SHORTEST = 1600

export const understandTurn = (
  services: AnswerServices,
  input: AnswerInput,
  typed: string | undefined,
): Effect.Effect<Understood, ModelFailure> =>
  Effect.gen(function* () {
    const { ledger, timebase, hearing } = services
    const turn = ledger.revise(input)
    if (typed !== undefined) {
      turn.transcript = typed
      const heard = { text: typed, confidence: 1, voicedMs: Number.POSITIVE_INFINITY }
      return understood(services, heard, false)
    }
    turn.speech = { startMs: input.fromMs, endMs: input.toMs }
    ledger.mark(input, { endOfSpeech: timebase.ofAudio(input.toMs) })
    const voicedMs = hearing.voicedMs(input.fromMs, input.toMs)
    const sound = hearing.sound(input.fromMs, input.toMs + POST_ROLL_MS)
    if (sound.length < SHORTEST) return nothing
    const fromMs = timebase.monotonic()
    const transcript = yield* services.pending.track(services.stt.transcribe(sound))
    ledger.mark(input, { stt: { fromMs, toMs: timebase.monotonic() } })
    turn.confidence = transcript.confidence
    const text = transcript.text.replace(STRAY_MARKS, "")
    turn.transcript = text
    // The recogniser's second look at the wake word: "Hey Travis" scores high, but is not for us.
    if (turn.wake !== undefined && wakeEvidence(text) === "another-name") return notForUs
    const heard = {
      text,
      confidence: transcript.confidence,
      voicedMs,
      woken: input.fromMs < (turn.wake?.atMs ?? 0),
    }
    return understood(services, heard, services.output.isOpen)
  })

/** The transcript keeps the wake phrase in the record; what is answered comes without it. */
const understood = (services: AnswerServices, heard: HeardUtterance, speaking: boolean): Understood => {
  const context = { containers: services.containers, asked: services.history.asked() }
  const found = classifyTranscript(heard, context)
  switch (found.kind) {
    case "empty":
    case "noise":
      return nothing
    case "wake-only":
      return { kind: "nothing", verdict: "wake-only" }
    case "low-confidence":
      return { kind: "unclear", verdict: "words" }
    case "phrase":
      return {
        kind: "phrase",
        verdict: isCompletePhrase(found.match, speaking) ? "phrase" : "words",
        match: found.match,
      }
    case "free":
      return { kind: "free", verdict: "words", text: found.text }
  }
}
