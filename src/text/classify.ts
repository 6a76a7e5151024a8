import { matchPhrase, type PhraseContext } from "./match-phrase.ts"
import type { PhraseMatch } from "./phrases.ts"
import { plainWords } from "./utterance-words.ts"
import { afterMisheardWakePhrase, stripWakePhrase } from "./wake-phrase.ts"

export interface HeardUtterance {
  readonly text: string
  /** 0..1, the geometric mean of the token probabilities. */
  readonly confidence: number
  /** How much of the audio was voice. */
  readonly voicedMs: number
  /** The sound begins with the wake word, however that was transcribed. */
  readonly woken?: boolean | undefined
}

export type Classified =
  | { readonly kind: "empty" }
  | { readonly kind: "noise" }
  | { readonly kind: "wake-only" }
  | { readonly kind: "low-confidence"; readonly text: string }
  | { readonly kind: "phrase"; readonly text: string; readonly match: PhraseMatch }
  | { readonly kind: "free"; readonly text: string }

// Moonshine tiny, measured: on noise, hum and near-silence it invents one word ("You") at 0.2–0.5 or a few at up to
// 0.27; a tone gives "You" at up to 0.72 and clicks at 0.9, but neither is voice. Speech, clean or at 15 dB SNR, was
// at 0.37 and more, right or wrong.

/** No word is shorter. */
const MIN_VOICED_MS = 200
/** A single word that is no phrase must be this certain: what is invented is mostly a single word. */
const MIN_WORD_CONFIDENCE = 0.6
/** What a throat makes and what the recogniser makes of it: "Huh?" and "You" at up to 0.95 for a cough. Never a question. */
export const INTERJECTIONS = new Set("you huh uh um hm hmm mm mmm mhm oh ah eh er ugh".split(" "))
/** Below this there was no speech, so there is nobody to ask again. */
const MIN_SPEECH_CONFIDENCE = 0.3
/** Below this, asking again is better than answering something else. */
const MIN_CONFIDENCE = 0.4

/**
 * What an utterance amounts to. `text` comes without the wake phrase.
 *
 * A fixed phrase is evidence by itself, as nonsense rarely happens to be one; but one that calls a tool still needs
 * the full confidence, because a doubtful transcript must never change anything.
 */
export function classifyTranscript(heard: HeardUtterance, context: PhraseContext = {}): Classified {
  if (heard.voicedMs < MIN_VOICED_MS) return { kind: "noise" }
  const { text, wakeOnly } = stripWakePhrase(heard.text)
  if (wakeOnly) return { kind: "wake-only" }
  if (!/[\p{L}\p{N}]/u.test(text)) return { kind: "empty" }
  const match = matchPhrase(text, context)
  const guessed = match === undefined && heard.woken ? phraseAfterMisheardWake(text, context) : undefined
  if (guessed !== undefined) return guessed
  const isDoubtful = heard.confidence < MIN_CONFIDENCE
  if (match !== undefined) {
    return isDoubtful && match.tool !== undefined
      ? { kind: "low-confidence", text }
      : { kind: "phrase", text, match }
  }
  const [word = "", ...others] = plainWords(text)
  const isSingleWord = others.length === 0
  if (isSingleWord && INTERJECTIONS.has(word)) return { kind: "noise" }
  const minimum = isSingleWord ? MIN_WORD_CONFIDENCE : MIN_SPEECH_CONFIDENCE
  if (heard.confidence < minimum) return { kind: "noise" }
  return isDoubtful ? { kind: "low-confidence", text } : { kind: "free", text }
}

/** A fixed phrase after what was the wake word, but none that calls a tool: that takes more than a guess. */
const phraseAfterMisheardWake = (text: string, context: PhraseContext): Classified | undefined => {
  for (const rest of afterMisheardWakePhrase(text)) {
    const match = matchPhrase(rest, context)
    if (match !== undefined && match.tool === undefined) return { kind: "phrase", text: rest, match }
  }
  return undefined
}
