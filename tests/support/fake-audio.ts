import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { FRAME_SAMPLES } from "../../src/audio/format.ts"
import type { AudioBackend, AudioDevice, AudioFailure } from "../../src/ports/audio.ts"

export interface FakeBackendOptions {
  readonly id?: AudioBackend["id"]
  readonly devices?: readonly AudioDevice[]
  /** Int16Array, mono, 16 kHz: what the microphone hears; it hears silence after that. */
  readonly heard?: Int16Array
  readonly failure?: AudioFailure
}

export const microphone = (name: string, isDefault = false): AudioDevice => ({
  name,
  description: `The ${name}`,
  direction: "input",
  isDefault,
})

export const speaker = (name: string, isDefault = false): AudioDevice => ({
  ...microphone(name, isDefault),
  direction: "output",
})

/** A sound card of which the frames come at once. */
export function fakeBackend(options: FakeBackendOptions = {}) {
  const { id = "pulse", devices = [], heard = new Int16Array(0), failure } = options
  const opened: { readonly direction: string; readonly device: string | undefined }[] = []
  let written = 0
  const backend: AudioBackend = {
    id,
    devices: failure === undefined ? Effect.succeed(devices) : Effect.fail(failure),
    openInput: ({ device }) =>
      Effect.sync(() => {
        opened.push({ direction: "input", device })
        return {
          frames: Stream.map(Stream.range(0, 10_000), (index) => {
            const samples = new Int16Array(FRAME_SAMPLES)
            samples.set(heard.subarray(index * FRAME_SAMPLES, (index + 1) * FRAME_SAMPLES))
            return { samples, startSample: index * FRAME_SAMPLES, gap: false }
          }),
          health: Stream.empty,
        }
      }),
    openOutput: ({ device, rateHz }) =>
      Effect.sync(() => {
        opened.push({ direction: "output", device })
        return {
          rateHz,
          write: (samples: Int16Array) =>
            Effect.sync(() => {
              written += samples.length
            }),
          flush: () => Effect.succeed({ droppedSamples: 0 }),
          latencyMs: () => 0,
        }
      }),
  }
  return { backend, opened, written: () => written }
}
