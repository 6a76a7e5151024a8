/** Names drawn from a bag until it is empty, then from a full one: none is left out for long. */
export class Bag<Name extends string> {
  readonly #full: readonly Name[]
  readonly #random: () => number
  #left: Name[] = []

  /** `names` may hold one several times: it comes more often then. */
  constructor(names: readonly Name[], random: () => number) {
    this.#full = names
    this.#random = random
  }

  next(): Name | undefined {
    if (this.#left.length === 0) this.#left = [...this.#full]
    return this.#left.splice(Math.floor(this.#random() * this.#left.length), 1)[0]
  }
}
