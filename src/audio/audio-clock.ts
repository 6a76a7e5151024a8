import type { Clock } from "../ports/clock.ts"
import { msToSamples, SAMPLE_RATE_HZ, samplesToMs } from "./format.ts"

interface Timer {
  readonly dueMs: number
  readonly order: number
  readonly fn: () => void
}

/**
 * The clock that counts samples. It moves only when told to, so a conversation driven by it is the same however slow
 * the machine is. Timers fire in the order of their due times, then of their making; one set inside a callback fires in
 * the same `advanceTo` when it is due by then. As in Node, no timer waits less than 1 ms, so a chain of them ends.
 */
export class AudioClock implements Clock {
  readonly #timers = new Map<number, Timer>()
  #nowMs = 0
  #targetMs = 0
  #advancing = false
  #nextOrder = 0

  now(): number {
    return this.#nowMs
  }

  /** `now` as a position in samples at 16 kHz. */
  nowSample(): number {
    return msToSamples(this.#nowMs, SAMPLE_RATE_HZ)
  }

  setTimeout(fn: () => void, timeoutMs: number): unknown {
    const order = this.#nextOrder++
    const waitMs = Math.max(1, timeoutMs || 1)
    this.#timers.set(order, { dueMs: this.#nowMs + waitMs, order, fn })
    return order
  }

  clearTimeout(timer: unknown): void {
    if (typeof timer === "number") this.#timers.delete(timer)
  }

  /**
   * Moves the clock to a position in samples and fires what is due on the way, each timer at its own time. An earlier
   * position changes nothing. A callback that throws does not stop the others; the first error is thrown at the end.
   */
  advanceTo(sample: number): void {
    this.#targetMs = Math.max(this.#targetMs, samplesToMs(sample))
    // A callback that advances the clock only moves the goal of the loop it runs in.
    if (this.#advancing) return
    this.#advancing = true
    const errors: unknown[] = []
    try {
      for (let timer = this.#nextDue(); timer !== undefined; timer = this.#nextDue()) {
        this.#timers.delete(timer.order)
        this.#nowMs = Math.max(this.#nowMs, timer.dueMs)
        try {
          timer.fn()
        } catch (error) {
          errors.push(error)
        }
      }
      this.#nowMs = this.#targetMs
    } finally {
      this.#advancing = false
    }
    if (errors.length > 0) throw errors[0]
  }

  /** Timers are few (tens), so a scan is cheaper than keeping a heap. */
  #nextDue(): Timer | undefined {
    let next: Timer | undefined
    for (const timer of this.#timers.values()) {
      if (timer.dueMs > this.#targetMs) continue
      if (next === undefined || timer.dueMs < next.dueMs) next = timer
    }
    return next
  }
}
