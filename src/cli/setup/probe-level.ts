import * as Effect from "effect/Effect"
import { isAllZero, type Level, measureLevel } from "../../audio/level.ts"
import type { AudioBackend } from "../../ports/audio.ts"
import { record } from "./record.ts"

export interface MeasuredLevel extends Level {
  /** Digital silence throughout: what a muted or dead microphone delivers. */
  readonly allZero: boolean
}

/** Listens for `ms`. Rejects with AudioFailure. */
export type ProbeLevel = (
  backend: AudioBackend,
  device: string | undefined,
  ms: number,
) => Promise<MeasuredLevel>

export const probeLevel: ProbeLevel = async (backend, device, ms) => {
  const samples = await Effect.runPromise(record(backend, device, ms))
  return { ...measureLevel(samples), allZero: isAllZero(samples) }
}

export interface LevelAdvice {
  readonly problem: string
  readonly fix: string
}

/** A sample in a thousand at the limit is heard as distortion. */
const CLIPPED_SHARE = 0.001

/** Below this peak, speech at arm's length is lost in the microphone's own noise. */
const QUIET_PEAK_DBFS = -40

/** What to do about a microphone, or undefined where somebody spoke and it is well. */
export function levelAdvice({ allZero, clipped, peakDbfs }: MeasuredLevel): LevelAdvice | undefined {
  if (allZero) return { problem: "digital silence", fix: "unmute the microphone, or choose another" }
  if (clipped > CLIPPED_SHARE) return { problem: "it clips", fix: "lower the microphone's gain" }
  if (peakDbfs < QUIET_PEAK_DBFS) {
    return { problem: "very quiet", fix: "raise the microphone's gain, or speak nearer to it" }
  }
  return undefined
}
