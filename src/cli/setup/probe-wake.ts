import * as Effect from "effect/Effect"
import type { AudioBackend, AudioFailure } from "../../ports/audio.ts"
import type { Listener } from "../../ports/speech.ts"
import { hearFrames } from "./record.ts"

/**
 * Listens until the wake word has come and gone, or for `ms`; settles with the highest score. Rejects with
 * AudioFailure or ModelFailure.
 */
export type ProbeWake = (
  backend: AudioBackend,
  device: string | undefined,
  listener: Listener,
  ms: number,
) => Promise<number>

/** A score that is surely the beginning of a wake word, and one that surely is its end. */
const ROSE = 0.3
const FELL = 0.05

export const probeWake: ProbeWake = (backend, device, listener, ms) => {
  let peak = 0
  const hear = ({ samples }: { readonly samples: Int16Array }) =>
    listener.listen(samples).pipe(
      Effect.mapError(
        (failure): AudioFailure => ({ _tag: "AudioFailure", message: failure.message, cause: failure }),
      ),
      Effect.map(({ wake }) => {
        peak = Math.max(peak, ...wake.map(({ score }) => score))
        const last = wake.at(-1)?.score
        return !(peak >= ROSE && last !== undefined && last < FELL)
      }),
    )
  return Effect.runPromise(Effect.map(hearFrames(backend, device, ms, hear), () => peak))
}

/** Scores under this are not the wake word at all: it was not said, or the microphone does not hear it. */
const HEARD = 0.2

export interface ThresholdProposal {
  readonly heard: number
  /** Absent where too few were heard to say anything. */
  readonly threshold?: number | undefined
}

/**
 * A threshold for somebody whose wake words scored `peaks`: the usual 0.5, or lower where the weakest one needs it,
 * with a fifth in hand; never under 0.3, from where other words begin to score too.
 */
export function proposeThreshold(peaks: readonly number[]): ThresholdProposal {
  const heard = peaks.filter((peak) => peak >= HEARD)
  if (heard.length < 3) return { heard: heard.length }
  const needed = Math.min(...heard) * 0.8
  return { heard: heard.length, threshold: Math.round(Math.min(0.5, Math.max(0.3, needed)) * 100) / 100 }
}
