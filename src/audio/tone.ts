import type { SpeechPcm } from "../ports/audio.ts"

export interface ToneOptions {
  readonly frequencyHz: number
  readonly durationMs: number
  /** Peak level, dB below full scale, negative. */
  readonly levelDbfs: number
  readonly rateHz: number
}

/** Ramp at both ends, so that a tone begins and ends without a click. */
const RAMP_MS = 10

/** A sine tone, Int16 mono. */
export const tone = ({ frequencyHz, durationMs, levelDbfs, rateHz }: ToneOptions): SpeechPcm => {
  const length = Math.round((durationMs * rateHz) / 1000)
  const ramp = Math.max(1, Math.round((RAMP_MS * rateHz) / 1000))
  const peak = 32767 * 10 ** (levelDbfs / 20)
  const samples = Int16Array.from({ length }, (_, i) => {
    const gain = Math.min(1, i / ramp, (length - 1 - i) / ramp)
    return Math.round(peak * gain * Math.sin((2 * Math.PI * frequencyHz * i) / rateHz))
  })
  return { samples, rateHz }
}
