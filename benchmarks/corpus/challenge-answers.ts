import type { Utterance } from "./utterance.ts"

/** A challenge word, spoken alone. */
export interface ChallengeAnswer extends Utterance {
  readonly word: string
}

/** Six voices of two accents and both sexes, and Piper's voice at some of its scales: other moods and paces. */
export const ANSWER_VOICES = [
  "af_heart",
  "af_bella",
  "am_michael",
  "am_fenrir",
  "bf_emma",
  "bm_george",
  "piper/0.333/0.9",
  "piper/0.333/1",
  "piper/0.333/1.1",
  "piper/0.667/0.9",
  "piper/0.667/1",
  "piper/0.667/1.1",
] as const

/** Voice by voice, so that each engine is loaded once. The lead is what is transcribed before the voice begins. */
export const challengeAnswers = (
  words: readonly string[],
  voices: readonly string[],
): readonly ChallengeAnswer[] =>
  voices.flatMap((voice) =>
    words.map((word) => ({
      id: `challenge-${word}-${voice}`,
      word,
      voice,
      leadMs: 200,
      pieces: [`${word.slice(0, 1).toUpperCase()}${word.slice(1)}.`],
    })),
  )
