import type { EarlierVerdict } from "../../ports/consent.ts"

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

  /**
   * Counts again what an earlier process counted, oldest first. Nothing is older than what came before it, and an age that
   * makes no sense is none. Where both know of failures the stricter holds.
   */
  seed(verdicts: Iterable<EarlierVerdict>, nowMs: number): void {
    const earlier = new FailureLock(this.#lockMs)
    let atMs = Number.NEGATIVE_INFINITY
    for (const { operationKey, type, ageMs } of verdicts) {
      atMs = Math.max(atMs, nowMs - (Number.isFinite(ageMs) ? Math.max(ageMs, 0) : 0))
      if (type === "granted") earlier.forget(operationKey)
      else earlier.count(operationKey, atMs)
      if (type === "locked") earlier.#failures.set(operationKey, { count: MOST_FAILURES, lastAtMs: atMs })
    }
    for (const [operationKey, { count, lastAtMs }] of earlier.#failures) {
      const mine = this.#failures.get(operationKey)
      this.#failures.set(operationKey, {
        count: Math.max(count, mine?.count ?? 0),
        lastAtMs: Math.max(lastAtMs, mine?.lastAtMs ?? lastAtMs),
      })
    }
  }

  /** A failure is remembered for as long as a lock lasts. */
  #forgetOld(nowMs: number): void {
    for (const [operationKey, { lastAtMs }] of this.#failures) {
      if (nowMs - lastAtMs >= this.#lockMs) this.#failures.delete(operationKey)
    }
  }
}
