/** The words of a text as a recogniser is judged by: no case, no punctuation, digits as they are. */
export const wordsForScoring = (text: string): readonly string[] =>
  text
    .toLowerCase()
    .replace(/[’`]/g, "'")
    .replace(/[^\p{L}\p{N}' ]+/gu, " ")
    .split(/\s+/)
    .filter((word) => word !== "")

/** Words inserted, left out or wrong: the Levenshtein distance over words. */
export const wordErrors = (reference: readonly string[], heard: readonly string[]): number => {
  let row = Array.from({ length: heard.length + 1 }, (_, i) => i)
  for (const [i, expected] of reference.entries()) {
    const next = [i + 1]
    for (const [j, word] of heard.entries()) {
      const replaced = (row[j] ?? 0) + (word === expected ? 0 : 1)
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}
