import * as Effect from "effect/Effect"

interface Place {
  readonly callId: string
  readonly call: () => void
}

/** One call at a time for each subject, in the order they came. */
export class SubjectQueue {
  /** The first of each queue has its turn. */
  readonly #queues = new Map<string, Place[]>()

  /** Ends when it is this call's turn, which it keeps until it leaves. */
  enter(subject: string, callId: string): Effect.Effect<void> {
    return Effect.callback((resume) => {
      const place = { callId, call: () => resume(Effect.void) }
      const queue = this.#queues.get(subject)
      if (queue === undefined) this.#queues.set(subject, [place])
      else queue.push(place)
      if (queue === undefined) place.call()
    })
  }

  /** Whether it waited or had its turn; once more is nothing. */
  leave(subject: string, callId: string): void {
    const queue = this.#queues.get(subject)
    const index = queue?.findIndex((place) => place.callId === callId) ?? -1
    if (queue === undefined || index === -1) return
    queue.splice(index, 1)
    if (queue.length === 0) this.#queues.delete(subject)
    else if (index === 0) queue[0]?.call()
  }
}
