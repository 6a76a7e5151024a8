const MOST_FAILURES = 3

interface Failures {
  readonly count: number
  readonly lastAtMs: number
}

/** Counts failed confirmations of each operation, and locks one for a while after three. Times are monotonic ms. */
export class FailureLock {
  readonly #lockMs: number
  readonly #failures: Map<string, Failures> = new Map()

  constructor(lockMs: number) {
    this.#lockMs = lockMs
  }

  count(operationKey: string, nowMs: number): void {
    this.#forgetOld(nowMs)
    const before = this.#failures.get(operationKey)?.count ?? 0
    this.#failures.set(operationKey, { count: before + 1, lastAtMs: nowMs })
  }

  /** After a success. */
  forget(operationKey: string): void {
    this.#failures.delete(operationKey)
  }

  /** How long the operation is still locked, in ms; 0 where it is not. */
  lockedMs(operationKey: string, nowMs: number): number {
    const failures = this.#failures.get(operationKey)
    if (failures === undefined || failures.count < MOST_FAILURES) return 0
    return Math.max(0, failures.lastAtMs + this.#lockMs - nowMs)
  }

  /** A failure is remembered for as long as a lock lasts. */
  #forgetOld(nowMs: number): void {
    for (const [operationKey, { lastAtMs }] of this.#failures) {
      if (nowMs - lastAtMs >= this.#lockMs) this.#failures.delete(operationKey)
    }
  }
}
