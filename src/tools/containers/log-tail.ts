const HEADER_BYTES = 8

/**
 * The end of a container's log, while it comes: holds at most the last `maxBytes` of what the container wrote, however
 * long a frame claims to be. Without a terminal the log is framed: stream (0 to 2), three zeros, length as u32, bytes;
 * both streams are kept in the order in which they came.
 */
export class LogTail {
  readonly #framed: boolean
  readonly #maxBytes: number
  #pieces: Uint8Array[] = []
  #held = 0
  #header = Buffer.alloc(0)
  /** Of the frame in hand. */
  #left = 0
  #broken = false

  constructor(framed: boolean, maxBytes: number) {
    this.#framed = framed
    this.#maxBytes = maxBytes
  }

  push(bytes: Buffer): void {
    if (!this.#framed) this.#keep(bytes)
    let rest = this.#framed ? bytes : Buffer.alloc(0)
    while (rest.length > 0 && !this.#broken) {
      if (this.#left === 0) {
        const more = rest.subarray(0, HEADER_BYTES - this.#header.length)
        this.#header = Buffer.concat([this.#header, more])
        rest = rest.subarray(more.length)
        if (this.#header.length === HEADER_BYTES) this.#open()
      } else {
        const more = rest.subarray(0, this.#left)
        this.#left -= more.length
        this.#keep(more)
        rest = rest.subarray(more.length)
      }
    }
  }

  /** What was kept; undefined where the frames were none, or the last one is not whole. */
  end(): Uint8Array | undefined {
    if (this.#broken || this.#left > 0 || this.#header.length > 0) return undefined
    return Uint8Array.from(Buffer.concat(this.#pieces).subarray(-this.#maxBytes))
  }

  #open(): void {
    const [stream = 255, a, b, c] = this.#header
    this.#broken = stream > 2 || a !== 0 || b !== 0 || c !== 0
    this.#left = this.#header.readUInt32BE(4)
    this.#header = Buffer.alloc(0)
  }

  #keep(bytes: Uint8Array): void {
    if (bytes.length === 0) return
    this.#pieces.push(bytes)
    this.#held += bytes.length
    // Many small pieces are joined now and then, so that neither their number nor their memory grows.
    if (this.#held > 2 * this.#maxBytes || this.#pieces.length > 1_000) {
      this.#pieces = [Buffer.concat(this.#pieces).subarray(-this.#maxBytes)]
      this.#held = this.#pieces[0]?.length ?? 0
    }
  }
}
