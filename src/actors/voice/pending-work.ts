import * as Effect from "effect/Effect"

/**
 * Counts inferences under way. A file that is read on a simulated clock waits until there are none before its next
 * frame, so that the same input gives the same states on any machine.
 */
export class PendingWork {
  #count = 0
  #waiting: (() => void)[] = []

  /** Counts `effect` as pending until it ends, however it ends. */
  track<A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    return Effect.acquireUseRelease(
      Effect.sync(() => this.#begin()),
      () => effect,
      () => Effect.sync(() => this.#end()),
    )
  }

  /** Resolves once nothing is pending and what it caused has been delivered. */
  async quiescent(): Promise<void> {
    do {
      if (this.#count > 0) await new Promise<void>((resolve) => this.#waiting.push(resolve))
      // The consumers of the last result run first: they may begin the next inference.
      await new Promise<void>((resolve) => setImmediate(resolve))
    } while (this.#count > 0)
  }

  #begin(): void {
    this.#count += 1
  }

  #end(): void {
    this.#count -= 1
    if (this.#count > 0) return
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }
}
