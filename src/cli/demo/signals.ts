interface Waiter<A> {
  readonly matches: (value: A) => boolean
  readonly resolve: (value: A) => void
}

/** Values as they come, and promises of the next one that fits. */
export class Signals<A> {
  readonly #waiters = new Set<Waiter<A>>()

  send(value: A): void {
    for (const waiter of this.#waiters) {
      if (!waiter.matches(value)) continue
      this.#waiters.delete(waiter)
      waiter.resolve(value)
    }
  }

  /** The next fitting value, or undefined when none came within `withinMs`. */
  next(matches: (value: A) => boolean, withinMs?: number): Promise<A | undefined> {
    return new Promise((resolve) => {
      let timer: NodeJS.Timeout | undefined
      const waiter = {
        matches,
        resolve: (value: A) => {
          clearTimeout(timer)
          resolve(value)
        },
      }
      this.#waiters.add(waiter)
      if (withinMs === undefined) return
      timer = setTimeout(() => {
        this.#waiters.delete(waiter)
        resolve(undefined)
      }, withinMs)
    })
  }
}
