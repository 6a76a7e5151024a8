import type { Clock } from "../../ports/clock.ts"

export interface HeartbeatTimes {
  readonly everyMs: number
  /** A ping unanswered for this long means that the process is stopped or hung. */
  readonly answerWithinMs: number
  /** If our own timer comes later than this, the miss was ours. */
  readonly toleranceMs: number
}

/** A stopped host is noticed at most 2 s later, which leaves one of the 3 s to replace it on a busy machine too. */
export const DEFAULT_HEARTBEAT: HeartbeatTimes = { everyMs: 500, answerWithinMs: 1500, toleranceMs: 250 }

/**
 * Watches one host by pings. A miss counts only if our own timer was on time, and only after the event loop had one
 * more chance to read a pong that had already arrived: a busy main process must not kill a healthy host.
 */
export class Heartbeat {
  readonly #clock: Clock
  readonly #times: HeartbeatTimes
  readonly #sendPing: () => void
  readonly #onHung: (silentMs: number) => void
  #timer: unknown
  #waiting = false
  #stopped = false

  constructor(options: {
    readonly clock: Clock
    readonly times: HeartbeatTimes
    readonly sendPing: () => void
    readonly onHung: (silentMs: number) => void
  }) {
    this.#clock = options.clock
    this.#times = options.times
    this.#sendPing = options.sendPing
    this.#onHung = options.onHung
  }

  start(): void {
    this.#after(this.#times.everyMs, () => this.#ping())
  }

  /** Any pong will do: pings are sent one at a time. */
  pong(): void {
    if (!this.#waiting || this.#stopped) return
    this.#waiting = false
    this.#after(this.#times.everyMs, () => this.#ping())
  }

  stop(): void {
    this.#stopped = true
    this.#clock.clearTimeout(this.#timer)
  }

  #ping(): void {
    this.#waiting = true
    this.#sendPing()
    const dueMs = this.#clock.now() + this.#times.answerWithinMs
    this.#after(this.#times.answerWithinMs, () => {
      if (this.#clock.now() - dueMs > this.#times.toleranceMs) this.#ping()
      // Node runs timers before it reads sockets: the pong may be waiting in our own buffer.
      else this.#after(0, () => this.#hung())
    })
  }

  #hung(): void {
    this.stop()
    this.#onHung(this.#times.answerWithinMs)
  }

  #after(ms: number, fn: () => void): void {
    this.#clock.clearTimeout(this.#timer)
    this.#timer = this.#clock.setTimeout(() => {
      if (!this.#stopped) fn()
    }, ms)
  }
}
