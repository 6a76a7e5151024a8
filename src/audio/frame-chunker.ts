import type { HearingFrame } from "../ports/audio.ts"
import { FRAME_SAMPLES } from "./format.ts"

/** Cuts a stream of 16 kHz mono samples, in pieces of any length, into whole hearing frames with their positions. */
export class FrameChunker {
  readonly #partial = new Int16Array(FRAME_SAMPLES)
  #filled = 0
  #nextStart = 0

  /** Position of the next frame's first sample. */
  get position(): number {
    return this.#nextStart
  }

  push(samples: Int16Array): readonly HearingFrame[] {
    const frames: HearingFrame[] = []
    let rest = samples
    while (rest.length > 0) {
      const taken = rest.subarray(0, FRAME_SAMPLES - this.#filled)
      this.#partial.set(taken, this.#filled)
      this.#filled += taken.length
      rest = rest.subarray(taken.length)
      if (this.#filled === FRAME_SAMPLES) frames.push(this.#emit(false))
    }
    return frames
  }

  /** A frame of silence where the device delivered nothing; what was begun before is completed with silence. */
  gap(): HearingFrame {
    return this.#emit(true)
  }

  /** The last, incomplete frame of a file, completed with silence; undefined when nothing is left. */
  finish(): HearingFrame | undefined {
    return this.#filled === 0 ? undefined : this.#emit(false)
  }

  #emit(gap: boolean): HearingFrame {
    this.#partial.fill(0, this.#filled)
    const frame: HearingFrame = { samples: this.#partial.slice(), startSample: this.#nextStart, gap }
    this.#filled = 0
    this.#nextStart += FRAME_SAMPLES
    return frame
  }
}
