import { StringDecoder } from "node:string_decoder"

/**
 * Cuts a byte stream into lines. `push` returns the lines that are complete, or "too-long" once a line grows past
 * `maxBytes`; what comes after that is not looked at, so memory stays bounded.
 */
export class LineSplitter {
  readonly #maxBytes: number
  readonly #decoder = new StringDecoder("utf8")
  #partial = ""
  #overrun = false

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  push(chunk: Buffer): readonly string[] | "too-long" {
    if (this.#overrun) return "too-long"
    const parts = (this.#partial + this.#decoder.write(chunk)).split("\n")
    this.#partial = parts.pop() ?? ""
    const longest = [...parts, this.#partial].some((part) => Buffer.byteLength(part) > this.#maxBytes)
    if (longest) {
      this.#overrun = true
      this.#partial = ""
      return "too-long"
    }
    return parts
  }
}
