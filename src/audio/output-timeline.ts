import * as Effect from "effect/Effect"
import type { AudioOutput } from "../ports/audio.ts"
import { msToSamples, samplesToMs } from "./format.ts"

/** Receives what is played, without holes: silence stands where nothing was. Int16Array, mono, the output's rate. */
export type PlayedSink = (samples: Int16Array) => void

const nowhere: PlayedSink = () => undefined

/**
 * A loudspeaker without a device: it plays in the time of a given clock, and what was played goes to a sink. What is
 * written follows what is waiting; where nothing waits, silence passes.
 */
export class OutputTimeline implements AudioOutput {
  readonly rateHz: number
  readonly #nowMs: () => number
  readonly #sink: PlayedSink
  readonly #originMs: number
  #waiting: Int16Array[] = []
  #waitingSamples = 0
  #played = 0

  constructor(rateHz: number, nowMs: () => number, sink: PlayedSink = nowhere) {
    this.rateHz = rateHz
    this.#nowMs = nowMs
    this.#sink = sink
    this.#originMs = nowMs()
  }

  write(samples: Int16Array): Effect.Effect<void> {
    return Effect.sync(() => {
      this.settle()
      this.#waiting.push(samples.slice())
      this.#waitingSamples += samples.length
    })
  }

  flush(): Effect.Effect<{ readonly droppedSamples: number }> {
    return Effect.sync(() => {
      this.settle()
      const droppedSamples = this.#waitingSamples
      this.#waiting = []
      this.#waitingSamples = 0
      return { droppedSamples }
    })
  }

  latencyMs(): number {
    this.settle()
    return samplesToMs(this.#waitingSamples, this.rateHz)
  }

  /** Plays up to now. */
  settle(): void {
    let due = msToSamples(this.#nowMs() - this.#originMs, this.rateHz) - this.#played
    while (due > 0) {
      const next = this.#waiting.shift()
      if (next === undefined) {
        this.#play(new Int16Array(due))
        return
      }
      const now = next.subarray(0, due)
      if (now.length < next.length) this.#waiting.unshift(next.subarray(now.length))
      this.#waitingSamples -= now.length
      due -= now.length
      this.#play(now)
    }
  }

  #play(samples: Int16Array): void {
    this.#played += samples.length
    this.#sink(samples)
  }
}
