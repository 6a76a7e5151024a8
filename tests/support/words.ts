/** The words of a text, lower case, without punctuation. */
const wordsOf = (text: string): readonly string[] => text.toLowerCase().match(/[\p{L}\p{N}']+/gu) ?? []

/** Share (0..1) of the words of `expected` that `found` holds in the same order: the longest common subsequence. */
export const sharedWords = (expected: string, found: string): number => {
  const wanted = wordsOf(expected)
  let row = new Array<number>(wanted.length + 1).fill(0)
  for (const word of wordsOf(found)) {
    const next = [0]
    for (const [i, other] of wanted.entries())
      next.push(other === word ? (row[i] ?? 0) + 1 : Math.max(row[i + 1] ?? 0, next[i] ?? 0))
    row = next
  }
  return wanted.length === 0 ? 1 : (row.at(-1) ?? 0) / wanted.length
}
