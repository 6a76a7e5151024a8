import { AUDIBLE_DBFS } from "./format.ts"

/** How loud a stretch of audio is. A full-scale square wave is 0 dBFS; digital silence is −Infinity. */
export interface Level {
  readonly rmsDbfs: number
  readonly peakDbfs: number
  /** Share (0..1) of samples at the limits of Int16: what a clipping microphone looks like. */
  readonly clipped: number
}

const FULL_SCALE = 32768

const toDbfs = (amplitude: number): number =>
  amplitude <= 0 ? Number.NEGATIVE_INFINITY : 20 * Math.log10(amplitude / FULL_SCALE)

/** Int16Array, mono, any rate. An empty array is silence. */
export const measureLevel = (samples: Int16Array): Level => {
  let sumOfSquares = 0
  let peak = 0
  let clipped = 0
  for (const sample of samples) {
    const magnitude = Math.abs(sample)
    sumOfSquares += sample * sample
    if (magnitude > peak) peak = magnitude
    if (sample >= 32767 || sample <= -32768) clipped += 1
  }
  const count = Math.max(1, samples.length)
  return {
    rmsDbfs: toDbfs(Math.sqrt(sumOfSquares / count)),
    peakDbfs: toDbfs(peak),
    clipped: clipped / count,
  }
}

const AUDIBLE_AMPLITUDE = FULL_SCALE * 10 ** (AUDIBLE_DBFS / 20)

/** Index of the first sample above −50 dBFS, −1 when there is none. */
export const firstAudible = (samples: Int16Array): number =>
  samples.findIndex((sample) => Math.abs(sample) > AUDIBLE_AMPLITUDE)

/** True for digital silence, which no real microphone delivers for long. */
export const isAllZero = (samples: Int16Array): boolean => samples.every((sample) => sample === 0)
