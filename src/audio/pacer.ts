import { samplesToMs } from "./format.ts"

/** How far what was handed over runs ahead of a device that plays in real time. */
export class Pacer {
  readonly #rateHz: number
  #runsOutAtMs = Number.NEGATIVE_INFINITY

  constructor(rateHz: number) {
    this.#rateHz = rateHz
  }

  /** To be called before handing over: a device that ran dry starts again from now. */
  settle(nowMs: number): void {
    this.#runsOutAtMs = Math.max(this.#runsOutAtMs, nowMs)
  }

  handed(samples: number): void {
    this.#runsOutAtMs += samplesToMs(samples, this.#rateHz)
  }

  aheadMs(nowMs: number): number {
    return Math.max(0, this.#runsOutAtMs - nowMs)
  }

  /** The device was emptied. */
  empty(nowMs: number): void {
    this.#runsOutAtMs = nowMs
  }
}
