export interface Segment {
  readonly startMib: number
  readonly sizeMib: number
  readonly allocation: number
}

export interface Hole {
  readonly startMib: number
  readonly sizeMib: number
}

/**
 * The addresses of a SIMULATED GPU, in whole MiB. An allocation is made of pieces of `pieceMib`, each in one hole, and a
 * remainder: with pieces of 1 MiB everything fits whose sum fits; with larger ones it may fail although the sum fits.
 */
export class SimulatedAddressSpace {
  readonly totalMib: number
  readonly #pieceMib: number
  readonly #random: () => number
  /** By address; they never overlap. */
  readonly #segments: Segment[] = []
  #usedMib = 0

  constructor(totalMib: number, pieceMib: number, random: () => number) {
    this.totalMib = totalMib
    this.#pieceMib = pieceMib
    this.#random = random
  }

  get segments(): readonly Segment[] {
    return this.#segments
  }

  get usedMib(): number {
    return this.#usedMib
  }

  get largestHoleMib(): number {
    return Math.max(0, ...this.#holes().map((hole) => hole.sizeMib))
  }

  /** All of it or nothing. */
  take(allocation: number, sizeMib: number): boolean {
    if (!Number.isInteger(sizeMib) || sizeMib < 0)
      throw new RangeError(`${sizeMib} is not a whole number of MiB`)
    if (sizeMib > this.totalMib - this.#usedMib) return false
    if (sizeMib === 0) return true
    const taken = this.#place(allocation, sizeMib)
    if (taken === undefined) return false
    this.#segments.push(...taken)
    this.#segments.sort((a, b) => a.startMib - b.startMib)
    this.#usedMib += sizeMib
    return true
  }

  /** Gives back up to `sizeMib` of it, from its highest addresses down. */
  give(allocation: number, sizeMib: number): void {
    let leftMib = sizeMib
    for (let at = this.#segments.length - 1; at >= 0 && leftMib > 0; at--) {
      const segment = this.#segments[at]
      if (segment === undefined || segment.allocation !== allocation) continue
      const freedMib = Math.min(leftMib, segment.sizeMib)
      leftMib -= freedMib
      this.#usedMib -= freedMib
      if (freedMib === segment.sizeMib) this.#segments.splice(at, 1)
      else this.#segments[at] = { ...segment, sizeMib: segment.sizeMib - freedMib }
    }
  }

  #place(allocation: number, sizeMib: number): readonly Segment[] | undefined {
    const taken: Segment[] = []
    let leftMib = sizeMib
    for (const hole of this.#holesFromAnywhere()) {
      const wholePiecesMib = hole.sizeMib - (hole.sizeMib % this.#pieceMib)
      const usableMib = leftMib <= hole.sizeMib ? leftMib : wholePiecesMib
      if (usableMib > 0) taken.push({ startMib: hole.startMib, sizeMib: usableMib, allocation })
      leftMib -= usableMib
      if (leftMib === 0) return taken
    }
    return undefined
  }

  /** With large pieces a real allocator does not fill the first hole first either. */
  #holesFromAnywhere(): readonly Hole[] {
    const holes = this.#holes()
    if (this.#pieceMib === 1) return holes
    const first = Math.floor(this.#random() * holes.length)
    return [...holes.slice(first), ...holes.slice(0, first)]
  }

  #holes(): readonly Hole[] {
    const holes: Hole[] = []
    let atMib = 0
    for (const { startMib, sizeMib } of this.#segments) {
      if (startMib > atMib) holes.push({ startMib: atMib, sizeMib: startMib - atMib })
      atMib = startMib + sizeMib
    }
    if (atMib < this.totalMib) holes.push({ startMib: atMib, sizeMib: this.totalMib - atMib })
    return holes
  }
}
