import { FRAME_SAMPLES, samplesToMs } from "./format.ts"

/** Where a line was placed on the audio clock, in ms. */
export interface PlacedLine {
  readonly startMs: number
  readonly endMs: number
}

interface Line {
  readonly samples: Int16Array
  readonly onStart: (startMs: number) => void
  readonly onEnd: (line: PlacedLine) => void
  taken: number
  startMs: number
}

/**
 * A microphone that a program speaks into: silence, and in it each line at the moment it is said. Unlike a file it can
 * wait for an answer, or interrupt one.
 */
export class SpokenScript {
  readonly #lines: Line[] = []
  #position = 0
  #ended = false

  /**
   * Says a line (Int16Array, mono, 16 kHz) after those before it. Settles when its last sample was given out;
   * `onStart` is called with its first.
   */
  say(samples: Int16Array, onStart: (startMs: number) => void = () => {}): Promise<PlacedLine> {
    return new Promise((onEnd) => this.#lines.push({ samples, onStart, onEnd, taken: 0, startMs: 0 }))
  }

  /** Nobody will speak any more. */
  end(): void {
    this.#ended = true
  }

  /** The next frame's worth of samples; undefined once it has ended. */
  take(): Int16Array | undefined {
    if (this.#ended && this.#lines.length === 0) return undefined
    const out = new Int16Array(FRAME_SAMPLES)
    const line = this.#lines[0]
    if (line !== undefined) {
      if (line.taken === 0) {
        line.startMs = samplesToMs(this.#position)
        line.onStart(line.startMs)
      }
      const part = line.samples.subarray(line.taken, line.taken + FRAME_SAMPLES)
      out.set(part)
      line.taken += part.length
      if (line.taken >= line.samples.length) {
        this.#lines.shift()
        line.onEnd({ startMs: line.startMs, endMs: line.startMs + samplesToMs(line.samples.length) })
      }
    }
    this.#position += FRAME_SAMPLES
    return out
  }
}
