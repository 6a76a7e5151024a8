/** More than a day of speaking has. The one that was used longest ago is forgotten first. */
const MAX_CONVERSATIONS = 10_000

/**
 * The conversations that have seen text which somebody else wrote, by id. One is tainted until its id is not used any
 * more: there is no way to wash it.
 */
export class Taint {
  readonly #ids = new Set<string>()

  add(conversationId: string): void {
    this.#ids.delete(conversationId)
    this.#ids.add(conversationId)
    if (this.#ids.size <= MAX_CONVERSATIONS) return
    const [oldest] = this.#ids
    if (oldest !== undefined) this.#ids.delete(oldest)
  }

  has(conversationId: string): boolean {
    if (!this.#ids.has(conversationId)) return false
    this.add(conversationId)
    return true
  }
}
