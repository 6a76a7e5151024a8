import { normaliseForSpeech } from "./normalise.ts"
import { plainWords } from "./utterance-words.ts"

/**
 * Whether what was heard while Jett spoke is a piece of what it said: some of its words in their order, or its last
 * one. A single other word may be the user's own, though Jett said it too: "no" is never taken for an echo.
 */
export const repeatsOwnWords = (heard: string, said: string): boolean => {
  const words = plainWords(heard)
  return [said, normaliseForSpeech(said)].some((text) => isPiece(words, plainWords(text)))
}

const isPiece = (words: readonly string[], said: readonly string[]): boolean => {
  const [only] = words
  if (only === undefined) return false
  if (words.length === 1) return only === said.at(-1)
  return said.some((_, at) => words.every((word, i) => word === said[at + i]))
}
