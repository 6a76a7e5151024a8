import * as Effect from "effect/Effect"
import { joinSamples } from "../../src/audio/join-samples.ts"
import { OutputTimeline } from "../../src/audio/output-timeline.ts"
import { teeOutput } from "../../src/audio/tee-output.ts"
import type { AudioBackend, SpeechPcm } from "../../src/ports/audio.ts"

/** Hears all that comes out of a back end's loudspeaker, up to this moment of the audio clock. */
export class LoudspeakerTap {
  readonly #nowMs: () => number
  readonly #pieces: Int16Array[] = []
  #timeline: OutputTimeline | undefined
  #originMs = 0

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  on<Backend extends AudioBackend>(backend: Backend): Backend {
    return {
      ...backend,
      openOutput: (options) =>
        Effect.map(backend.openOutput(options), (output) => {
          this.#pieces.length = 0
          this.#originMs = this.#nowMs()
          const timeline = new OutputTimeline(output.rateHz, this.#nowMs, (samples) =>
            this.#pieces.push(samples),
          )
          this.#timeline = timeline
          return teeOutput(output, timeline)
        }),
    }
  }

  /** Int16Array, mono, at the output's own rate. */
  since(fromMs: number): SpeechPcm {
    this.#timeline?.settle()
    const rateHz = this.#timeline?.rateHz ?? 16_000
    const from = Math.max(0, Math.round(((fromMs - this.#originMs) * rateHz) / 1000))
    return { samples: joinSamples(this.#pieces).subarray(from), rateHz }
  }
}
