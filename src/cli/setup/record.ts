import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { FRAME_MS } from "../../audio/format.ts"
import { joinSamples } from "../../audio/join-samples.ts"
import type { AudioBackend, AudioFailure, HearingFrame } from "../../ports/audio.ts"

/** A device that gives nothing for this long beyond what was asked is given up. */
const PATIENCE_MS = 3_000

/**
 * Opens the microphone, hands each frame to `hear` until it returns false or `ms` have been heard, and closes it.
 * Fails with AudioFailure where the device cannot be opened or stays silent.
 */
export function hearFrames(
  backend: AudioBackend,
  device: string | undefined,
  ms: number,
  hear: (frame: HearingFrame) => Effect.Effect<boolean, AudioFailure>,
): Effect.Effect<void, AudioFailure> {
  const count = Math.ceil(ms / FRAME_MS)
  const recording = Effect.gen(function* () {
    const input = yield* backend.openInput({ device })
    yield* input.frames.pipe(Stream.take(count), Stream.runForEachWhile(hear))
  })
  return Effect.scoped(recording).pipe(
    Effect.timeoutOrElse({
      duration: ms + PATIENCE_MS,
      orElse: () => Effect.fail(silentDevice(device)),
    }),
  )
}

/** Int16Array, mono, 16 kHz: what the microphone hears in `ms`. */
export function record(
  backend: AudioBackend,
  device: string | undefined,
  ms: number,
): Effect.Effect<Int16Array, AudioFailure> {
  return Effect.suspend(() => {
    const frames: Int16Array[] = []
    const hear = ({ samples }: HearingFrame) =>
      Effect.sync(() => {
        // A back end may use its buffer again.
        frames.push(samples.slice())
        return true
      })
    return Effect.map(hearFrames(backend, device, ms, hear), () => joinSamples(frames))
  })
}

const silentDevice = (device: string | undefined): AudioFailure => ({
  _tag: "AudioFailure",
  message: `${device ?? "the default microphone"} delivers nothing; choose another with jett devices`,
})
