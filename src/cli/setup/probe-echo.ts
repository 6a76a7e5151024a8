import * as Effect from "effect/Effect"
import { MAX_AHEAD_MS, msToSamples, SAMPLE_RATE_HZ, samplesToMs } from "../../audio/format.ts"
import { measureLevel } from "../../audio/level.ts"
import type { AudioBackend, AudioFailure, AudioOutput } from "../../ports/audio.ts"
import { record } from "./record.ts"

export interface Echo {
  /** Level of the microphone while nothing plays, and while the test sound does. */
  readonly quietDbfs: number
  readonly playingDbfs: number
  /** `too-loud`: the room itself hides an echo, if there is one. */
  readonly mode: "cancelled" | "half-duplex" | "too-loud"
}

/** Plays a test sound for about two seconds and listens to it. Rejects with AudioFailure. */
export type ProbeEcho = (
  backend: AudioBackend,
  input: string | undefined,
  output: string | undefined,
) => Promise<Echo>

const QUIET_MS = 700
const SOUND_MS = 1_600

/** Time for the sound to reach the microphone, and for a canceller to adapt. */
const SETTLE_MS = 900

/** Around −18 dBFS played, an echo that matters is louder than this at the microphone. */
const QUIET_ENOUGH_DBFS = -45

/** A rise that voice activity detection takes no notice of. */
const AUDIBLE_RISE_DB = 6

export const probeEcho: ProbeEcho = (backend, input, output) => {
  const listen = record(backend, input, QUIET_MS + SOUND_MS)
  const play = Effect.scoped(
    Effect.gen(function* () {
      const speaker = yield* backend.openOutput({ device: output, rateHz: SAMPLE_RATE_HZ })
      yield* Effect.sleep(QUIET_MS)
      yield* playPaced(speaker, testSound(SOUND_MS))
    }),
  )
  const both = Effect.all([listen, play], { concurrency: "unbounded" })
  return Effect.runPromise(Effect.map(both, ([heard]) => judgeEcho(heard)))
}

/** Int16Array, mono, 16 kHz: silence for `QUIET_MS`, then the sound. */
export function judgeEcho(heard: Int16Array): Echo {
  // The end of the quiet part is left out: the two devices did not open at the same instant.
  const quiet = heard.subarray(0, msToSamples(QUIET_MS - 200))
  const playing = heard.subarray(msToSamples(QUIET_MS + SETTLE_MS))
  // A microphone's own noise is above this; digital silence is not comparable.
  const quietDbfs = Math.max(-90, measureLevel(quiet).rmsDbfs)
  const playingDbfs = Math.max(-90, measureLevel(playing).rmsDbfs)
  if (playingDbfs - quietDbfs >= AUDIBLE_RISE_DB) return { quietDbfs, playingDbfs, mode: "half-duplex" }
  return { quietDbfs, playingDbfs, mode: quietDbfs > QUIET_ENOUGH_DBFS ? "too-loud" : "cancelled" }
}

/**
 * Int16Array, mono, 16 kHz: a sweep from 300 to 3,400 Hz, the band of speech, every 200 ms, at −18 dBFS.
 * It is pleasant enough, and a canceller treats it like speech.
 */
export function testSound(ms: number): Int16Array {
  const sound = new Int16Array(msToSamples(ms))
  const period = msToSamples(200)
  let phase = 0
  for (let i = 0; i < sound.length; i++) {
    const hz = 300 + (3_100 * (i % period)) / period
    phase += (2 * Math.PI * hz) / SAMPLE_RATE_HZ
    sound[i] = Math.round(4_096 * Math.sin(phase))
  }
  return sound
}

function playPaced(speaker: AudioOutput, sound: Int16Array): Effect.Effect<void, AudioFailure> {
  const chunk = msToSamples(20)
  return Effect.gen(function* () {
    const start = performance.now()
    for (let at = 0; at < sound.length; at += chunk) {
      const aheadMs = samplesToMs(at) - (performance.now() - start)
      if (aheadMs > MAX_AHEAD_MS - 20) yield* Effect.sleep(20)
      yield* speaker.write(sound.subarray(at, at + chunk))
    }
    yield* Effect.sleep(MAX_AHEAD_MS + speaker.latencyMs())
  })
}
