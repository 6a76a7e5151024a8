import { expect } from "vitest"

/** Least share of letters of a text and of what was heard of it. Replies of other kinds share at most 53 %. */
const SAME_TEXT = 0.6

/**
 * That `heard` is `said`, as far as a recogniser can tell. Letters are compared, since the voice is a little different
 * each time it speaks, and "n eight n, postgres" may be written "Naten posters". A text alike but for a word passes:
 * what the words are has to be asserted of the text that was spoken.
 */
export const expectHeard = (heard: string, said: string): void =>
  expect(sharedLetters(said, heard), `"${heard}" for "${said}"`).toBeGreaterThanOrEqual(SAME_TEXT)

/** Share (0..1) of the letters and digits that both texts hold in the same order, of the longer one. */
export const sharedLetters = (one: string, other: string): number => {
  const [a = [], b = []] = [one, other].map((text) => text.toLowerCase().match(/[\p{L}\p{N}]/gu) ?? [])
  const longer = Math.max(a.length, b.length)
  return longer === 0 ? 1 : longestCommon(a, b) / longer
}

/** Length of the longest common subsequence. */
const longestCommon = (one: readonly string[], other: readonly string[]): number => {
  let row = new Array<number>(one.length + 1).fill(0)
  for (const item of other) {
    const next = [0]
    for (const [i, letter] of one.entries())
      next.push(letter === item ? (row[i] ?? 0) + 1 : Math.max(row[i + 1] ?? 0, next[i] ?? 0))
    row = next
  }
  return row.at(-1) ?? 0
}
