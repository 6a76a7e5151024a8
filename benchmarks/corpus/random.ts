/** A number in 0..1 at each call: mulberry32, so that the same seed gives the same corpus on every machine. */
export const seededRandom = (seed: number): (() => number) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** The same things in an order that only the seed decides. */
export const shuffled = <T>(things: readonly T[], random: () => number): readonly T[] => {
  const order = things.map((thing) => ({ thing, key: random() }))
  return order.toSorted((a, b) => a.key - b.key).map(({ thing }) => thing)
}
