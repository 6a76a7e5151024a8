/** One measured quantity. Percentiles are nearest-rank: a value that was really seen, never one in between. */
export interface Summary {
  readonly count: number
  readonly mean: number
  readonly min: number
  readonly p50: number
  readonly p95: number
  readonly max: number
}

/** `share` in 0..1 of the values, in any order; NaN of none. */
export const percentile = (values: readonly number[], share: number): number => {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
}

export const summarise = (values: readonly number[]): Summary => ({
  count: values.length,
  mean: values.reduce((sum, value) => sum + value, 0) / values.length,
  min: percentile(values, 0),
  p50: percentile(values, 0.5),
  p95: percentile(values, 0.95),
  max: percentile(values, 1),
})

/** Values that are there; a turn that never came so far has none. */
export const present = (values: readonly (number | undefined)[]): readonly number[] =>
  values.filter((value) => value !== undefined)

/** Probability of at most `events` when `expected` are to be expected. */
const poissonCdf = (events: number, expected: number): number => {
  let term = Math.exp(-expected)
  let sum = term
  for (let k = 1; k <= events; k++) {
    term *= expected / k
    sum += term
  }
  return sum
}

/**
 * The exact (Garwood) 95 % interval of the expected number of events, from the number that was seen. Of none, the
 * whole 5 % are on the upper side, which is the "rule of three".
 */
export const poissonInterval95 = (events: number): { readonly low: number; readonly high: number } => ({
  low: events === 0 ? 0 : solve((expected) => 1 - poissonCdf(events - 1, expected) < 0.025),
  high: solve((expected) => poissonCdf(events, expected) > (events === 0 ? 0.05 : 0.025)),
})

/** The Wilson score 95 % interval of a share, `hits` of `count`. */
export const shareInterval95 = (
  hits: number,
  count: number,
): { readonly low: number; readonly high: number } => {
  if (count === 0) return { low: 0, high: 1 }
  const z = 1.959964
  const share = hits / count
  const denominator = 1 + z ** 2 / count
  const centre = (share + z ** 2 / (2 * count)) / denominator
  const half = (z / denominator) * Math.sqrt((share * (1 - share)) / count + z ** 2 / (4 * count ** 2))
  return { low: Math.max(0, centre - half), high: Math.min(1, centre + half) }
}

/** The largest number for which `below` still holds, to a millionth; `below` changes once, from true to false. */
const solve = (below: (x: number) => boolean): number => {
  let low = 0
  let high = 1
  while (below(high)) high *= 2
  while (high - low > 1e-6) {
    const middle = (low + high) / 2
    if (below(middle)) low = middle
    else high = middle
  }
  return low
}
