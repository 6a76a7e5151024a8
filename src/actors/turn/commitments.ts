import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type { TurnKey } from "../../machines/conversation/conversation-types.ts"

const nameOf = ({ turnId, revision }: TurnKey): string => `${turnId}/${revision}`

/** Which revisions the machine has committed, and who waits for it. Side effects wait here. */
export class Commitments {
  readonly #committed = new Map<string, Deferred.Deferred<void>>()

  commit(key: TurnKey): void {
    Deferred.doneUnsafe(this.#of(key), Effect.void)
  }

  /** Completes when `key` is committed; a superseded revision waits until its fiber is interrupted. */
  wait(key: TurnKey): Effect.Effect<void> {
    return Effect.suspend(() => Deferred.await(this.#of(key)))
  }

  /** Forgets a turn that is closed. */
  forget(turnId: string): void {
    for (const name of this.#committed.keys()) if (name.startsWith(`${turnId}/`)) this.#committed.delete(name)
  }

  #of(key: TurnKey): Deferred.Deferred<void> {
    const known = this.#committed.get(nameOf(key))
    if (known !== undefined) return known
    const made = Deferred.makeUnsafe<void>()
    this.#committed.set(nameOf(key), made)
    return made
  }
}
