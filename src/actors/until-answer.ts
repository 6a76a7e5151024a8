import * as Effect from "effect/Effect"

interface Observable {
  subscribe(observer: {
    readonly next: () => void
    readonly complete: () => void
    readonly error: () => void
  }): { unsubscribe(): void }
}

/**
 * Waits until the state of a machine allows an answer: now, or after one of its next transitions.
 *
 * Resumes in a microtask, since a machine tells its observers before it is ready for the next event: what the waiting
 * fiber sends right away would be queued, and the state it then reads would be the old one.
 */
export const untilAnswer = <A, E>(
  actor: Observable,
  answer: () => Effect.Effect<A, E> | undefined,
): Effect.Effect<A, E> =>
  Effect.callback((resume) => {
    const first = answer()
    if (first !== undefined) {
      resume(first)
      return Effect.void
    }
    let answered = false
    const check = (): void => {
      const found = answered ? undefined : answer()
      if (found === undefined) return
      answered = true
      queueMicrotask(() => {
        subscription.unsubscribe()
        resume(found)
      })
    }
    const subscription = actor.subscribe({ next: check, complete: check, error: check })
    return Effect.sync(() => subscription.unsubscribe())
  })
