/** The last bytes of a process's output, so that a chatty one takes constant memory. */
export class OutputRing {
  readonly #capacityBytes: number
  #chunks: Buffer[] = []
  #bytes = 0

  constructor(capacityBytes: number) {
    this.#capacityBytes = capacityBytes
  }

  push(chunk: Buffer): void {
    // A copy, since a small chunk may be a view on the stream's whole pool.
    this.#chunks.push(Buffer.from(chunk.subarray(-this.#capacityBytes)))
    this.#bytes += Math.min(chunk.length, this.#capacityBytes)
    while (this.#bytes > this.#capacityBytes) {
      const [oldest, ...rest] = this.#chunks
      if (oldest === undefined) return
      const excess = this.#bytes - this.#capacityBytes
      this.#chunks = oldest.length > excess ? [oldest.subarray(excess), ...rest] : rest
      this.#bytes -= Math.min(excess, oldest.length)
    }
  }

  text(): string {
    return Buffer.concat(this.#chunks).toString("utf8")
  }
}
