/** What SQLite holds in a column. Integers may come as `bigint`; a number has to be a whole one. */
export type SqlValue = string | number | bigint | Uint8Array | null

/** Text as the bytes that are stored. Decoded, bytes that are no UTF-8 would all look alike. */
export class Utf8Text {
  readonly bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }
}

const NULL = 0
const INTEGER = 1
const TEXT = 2
const BYTES = 3

/**
 * Values as bytes, one way only: each begins with its type (one byte), an integer follows as 8 bytes, big-endian, two's
 * complement; text (UTF-8) and bytes follow after their length (4 bytes, big-endian). No two lists of values encode
 * alike, which is what a hash over them needs. Throws RangeError at a number that is not whole.
 */
export const encodeValues = (values: readonly (SqlValue | Utf8Text)[]): Buffer => {
  const out = Buffer.allocUnsafe(values.reduce((size: number, value) => size + sizeOf(value), 0))
  let at = 0
  for (const value of values) at = write(out, at, value)
  return out
}

const sizeOf = (value: SqlValue | Utf8Text): number => {
  if (value === null) return 1
  if (typeof value === "string") return 5 + Buffer.byteLength(value)
  if (value instanceof Utf8Text) return 5 + value.bytes.length
  return typeof value === "object" ? 5 + value.length : 9
}

const write = (out: Buffer, at: number, value: SqlValue | Utf8Text): number => {
  if (value === null) return out.writeUInt8(NULL, at)
  if (typeof value === "string") {
    const size = out.write(value, at + 5)
    out.writeUInt8(TEXT, at)
    return out.writeUInt32BE(size, at + 1) + size
  }
  if (value instanceof Utf8Text) return writeBytes(out, at, TEXT, value.bytes)
  if (typeof value === "object") return writeBytes(out, at, BYTES, value)
  out.writeUInt8(INTEGER, at)
  return out.writeBigInt64BE(BigInt(value), at + 1)
}

const writeBytes = (out: Buffer, at: number, type: number, bytes: Uint8Array): number => {
  out.writeUInt8(type, at)
  out.writeUInt32BE(bytes.length, at + 1)
  out.set(bytes, at + 5)
  return at + 5 + bytes.length
}
