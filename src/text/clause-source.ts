/** Finds the clauses of a `ClauseSplitter` again in the text that they were cut from, with its white space. */
export class ClauseSource {
  #rest = ""

  push(text: string): void {
    this.#rest += text
  }

  /** What was written from the end of the last clause to the end of this one. */
  take(clause: string): string {
    let left = clause.replace(/\s/gu, "").length
    let end = 0
    while (left > 0 && end < this.#rest.length) {
      if (this.#rest.charAt(end).trim() !== "") left -= 1
      end += 1
    }
    const written = this.#rest.slice(0, end)
    this.#rest = this.#rest.slice(end)
    return written
  }
}
