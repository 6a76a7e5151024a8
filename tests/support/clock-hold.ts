import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type { PendingWork } from "../../src/actors/voice/pending-work.ts"

/** Stops the simulated audio clock, as an inference does, until it is let go. */
export class ClockHold {
  pending: PendingWork | undefined
  #held: Deferred.Deferred<void> | undefined

  hold(): void {
    if (this.pending === undefined || this.#held !== undefined) return
    this.#held = Deferred.makeUnsafe<void>()
    Effect.runFork(this.pending.track(Deferred.await(this.#held)))
  }

  release(): void {
    if (this.#held !== undefined) Deferred.doneUnsafe(this.#held, Effect.void)
    this.#held = undefined
  }
}
