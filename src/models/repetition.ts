/** Repeats of a phrase of 1, 2, … tokens that no speaker says: short ones ("no no no") are allowed more often. */
const REPEATS_BY_LENGTH = [undefined, 8, 6, 4, 4, 3, 3, 3, 3, 3, 3, 3, 3]

/**
 * Where a greedy decoder has begun to loop, the number of trailing tokens to drop so that one copy of the repeated
 * phrase stays; `undefined` while there is no loop.
 */
export function repeatedTail(ids: readonly number[]): number | undefined {
  for (let length = 1; length < REPEATS_BY_LENGTH.length; length += 1) {
    const repeats = REPEATS_BY_LENGTH[length] ?? 0
    const span = length * repeats
    if (ids.length < span) continue
    const start = ids.length - span
    let same = true
    for (let index = start + length; same && index < ids.length; index += 1) {
      same = ids[index] === ids[index - length]
    }
    if (same) return span - length
  }
  return undefined
}
