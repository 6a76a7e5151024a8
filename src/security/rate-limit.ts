export interface RateLimitOptions {
  /** Operations in one window. */
  readonly perMinute: number
  /** Refusals in one window that are still worked on and written down one by one. */
  readonly deniedPerMinute: number
  /** 60 s where it is not given. */
  readonly windowMs?: number | undefined
}

/**
 * A sliding window over what was admitted, and another over what was refused. Times are monotonic ms and are handed in.
 *
 * What is exactly as old as the window does not count any more. A clock that goes back gives nothing back, and a time
 * that is no number admits nothing. Memory: one number for each call that a window admits.
 */
export class RateLimit {
  readonly #operations: SlidingWindow
  readonly #denials: SlidingWindow

  constructor({ perMinute, deniedPerMinute, windowMs = 60_000 }: RateLimitOptions) {
    this.#operations = new SlidingWindow(perMinute, windowMs)
    this.#denials = new SlidingWindow(deniedPerMinute, windowMs)
  }

  /** Counts the call if it is admitted: calls that run at the same time cannot pass together. */
  admit(nowMs: number): boolean {
    return this.#operations.admit(nowMs)
  }

  /** A refusal has a budget of its own: a flood of them neither fills the log nor uses up the user's operations. */
  admitDenial(nowMs: number): boolean {
    return this.#denials.admit(nowMs)
  }

  /**
   * What an earlier process admitted, so that a restart does not begin anew: ages in ms, by the wall clock, in any order.
   * An age below zero, from a clock that was put back, counts as now.
   */
  seed(agesMs: Iterable<number>, nowMs: number, deniedAgesMs: Iterable<number> = []): void {
    this.#operations.seed(agesMs, nowMs)
    this.#denials.seed(deniedAgesMs, nowMs)
  }
}

class SlidingWindow {
  readonly #limit: number
  readonly #windowMs: number
  /** Oldest first, at most `#limit`: older ones than these cannot change a verdict. */
  #admittedMs: number[] = []
  #latestMs = Number.NEGATIVE_INFINITY

  constructor(limit: number, windowMs: number) {
    // What is no number admits nothing.
    this.#limit = limit >= 0 ? Math.floor(limit) : 0
    this.#windowMs = windowMs
  }

  admit(nowMs: number): boolean {
    if (!Number.isFinite(nowMs)) return false
    this.#latestMs = Math.max(this.#latestMs, nowMs)
    this.#forget()
    if (this.#admittedMs.length >= this.#limit) return false
    this.#admittedMs.push(this.#latestMs)
    return true
  }

  seed(agesMs: Iterable<number>, nowMs: number): void {
    if (Number.isFinite(nowMs)) this.#latestMs = Math.max(this.#latestMs, nowMs)
    const seeded = Array.from(agesMs, (age) => this.#latestMs - (Number.isNaN(age) ? 0 : Math.max(age, 0)))
    const all = [...this.#admittedMs, ...seeded].sort((a, b) => a - b)
    this.#admittedMs = all.slice(Math.max(0, all.length - this.#limit))
    this.#forget()
  }

  #forget(): void {
    const firstThatCounts = this.#admittedMs.findIndex((at) => !(this.#latestMs - at >= this.#windowMs))
    this.#admittedMs.splice(0, firstThatCounts === -1 ? this.#admittedMs.length : firstThatCounts)
  }
}
