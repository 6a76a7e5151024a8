import { readFileSync } from "node:fs"

const HEADER_BYTES = 44

/** One side of a recorded conversation (16-bit stereo WAV, written by ourselves), on its timeline. */
export class RecordedSide {
  readonly samples: Int16Array
  readonly rateHz: number

  private constructor(samples: Int16Array, rateHz: number) {
    this.samples = samples
    this.rateHz = rateHz
  }

  static read(path: string, side: "you" | "jett"): RecordedSide {
    const bytes = readFileSync(path)
    const offset = HEADER_BYTES + (side === "you" ? 0 : 2)
    const count = Math.floor((bytes.length - HEADER_BYTES) / 4)
    const samples = Int16Array.from({ length: count }, (_, i) => bytes.readInt16LE(offset + 4 * i))
    return new RecordedSide(samples, bytes.readUInt32LE(24))
  }

  slice(fromMs: number, toMs: number): Int16Array {
    return this.samples.subarray(this.#at(fromMs), this.#at(toMs))
  }

  /** The last moment in [fromMs, toMs) that is louder than `threshold`, in ms; undefined where all is quiet. */
  lastLoudMs(fromMs: number, toMs: number, threshold = 100): number | undefined {
    const index = this.slice(fromMs, toMs).findLastIndex((sample) => Math.abs(sample) > threshold)
    return index < 0 ? undefined : fromMs + (index * 1000) / this.rateHz
  }

  #at(ms: number): number {
    return Math.round((ms * this.rateHz) / 1000)
  }
}
