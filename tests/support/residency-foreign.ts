/**
 * What the readings that were delivered say of other programs, beyond the reserve. It cannot be known exactly: of what is
 * being loaded or released any part may be in use, and a model may take less than is committed for it. So this keeps the
 * least that every ledger has to know, and the most that one may believe.
 */
export class SeenForeign {
  #leastMib = 0
  #lastingMib = 0
  #mostMib = 0

  get leastMib(): number {
    return this.#leastMib
  }

  /** The least while what lingers is still taken to be ours: what of it outlasts the next reading. */
  get lastingMib(): number {
    return this.#lastingMib
  }

  get mostMib(): number {
    return this.#mostMib
  }

  /** Undefined where there is room for opinions. */
  get exactMib(): number | undefined {
    return this.#leastMib === this.#mostMib ? this.#mostMib : undefined
  }

  /**
   * Of a reading: what is used beyond the reserve; what is committed for all of ours of which some may be taken, for those
   * that are loaded, and for those that ended but may not be gone.
   */
  see({
    beyondMib,
    touchedMib,
    settledMib,
    lingeringMib,
  }: Readonly<Record<"beyondMib" | "touchedMib" | "settledMib" | "lingeringMib", number>>): void {
    // What was known before is not forgotten because something of ours moves.
    const stillMib = Math.min(this.#lastingMib, beyondMib - settledMib)
    this.#leastMib = Math.max(0, beyondMib - touchedMib, stillMib)
    this.#lastingMib = Math.max(0, beyondMib - touchedMib - lingeringMib, stillMib)
    this.#mostMib = Math.max(0, beyondMib)
  }

  /** So much of it turned out to be ours. */
  found(mib: number): void {
    this.#leastMib = Math.max(0, this.#leastMib - mib)
    this.#lastingMib = Math.max(0, this.#lastingMib - mib)
  }

  /** So much of ours may have become theirs. */
  left(mib: number): void {
    this.#mostMib += mib
  }

  /** There are no readings. */
  forget(): void {
    this.#leastMib = 0
    this.#lastingMib = 0
    this.#mostMib = 0
  }
}
