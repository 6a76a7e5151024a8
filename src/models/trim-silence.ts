import { AUDIBLE_DBFS, msToSamples } from "../audio/format.ts"

const AUDIBLE = Math.round(32_768 * 10 ** (AUDIBLE_DBFS / 20))
const KEPT_LEAD_MS = 20
const KEPT_TAIL_MS = 60

/**
 * Cuts near-silence (below −50 dBFS) at both ends of speech (Int16Array, mono) to at most 20 ms before and 60 ms after.
 * Returns a view of `samples`; an empty one when nothing is audible.
 */
export function trimSilence(samples: Int16Array, rateHz: number): Int16Array {
  const first = samples.findIndex(isAudible)
  if (first === -1) return samples.subarray(0, 0)
  const last = samples.findLastIndex(isAudible)
  const start = Math.max(0, first - msToSamples(KEPT_LEAD_MS, rateHz))
  const end = Math.min(samples.length, last + 1 + msToSamples(KEPT_TAIL_MS, rateHz))
  return samples.subarray(start, end)
}

function isAudible(sample: number): boolean {
  return Math.abs(sample) > AUDIBLE
}
