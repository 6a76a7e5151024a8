/** What SQLite holds in a column. Integers may come as `bigint`; a number has to be a whole one. */
export type SqlValue = string | number | bigint | Uint8Array | null

const NULL = 0
const INTEGER = 1
const TEXT = 2
const BYTES = 3

/**
 * Values as bytes, one way only: each begins with its type (one byte), an integer follows as 8 bytes, big-endian, two's
 * complement; text (UTF-8) and bytes follow after their length (4 bytes, big-endian). No two lists of values encode
 * alike, which is what a hash over them needs. Throws RangeError at a number that is not whole.
 */
export const encodeValues = (values: readonly SqlValue[]): Buffer => {
  const out = Buffer.allocUnsafe(values.reduce((size: number, value) => size + sizeOf(value), 0))
  let at = 0
  for (const value of values) at = write(out, at, value)
  return out
}

const sizeOf = (value: SqlValue): number => {
  if (value === null) return 1
  if (typeof value === "string") return 5 + Buffer.byteLength(value)
  return typeof value === "object" ? 5 + value.length : 9
}

const write = (out: Buffer, at: number, value: SqlValue): number => {
  if (value === null) return out.writeUInt8(NULL, at)
  if (typeof value === "string") {
    const size = out.write(value, at + 5)
    out.writeUInt8(TEXT, at)
    return out.writeUInt32BE(size, at + 1) + size
  }
  if (typeof value === "object") {
    out.writeUInt8(BYTES, at)
    out.writeUInt32BE(value.length, at + 1)
    out.set(value, at + 5)
    return at + 5 + value.length
  }
  out.writeUInt8(INTEGER, at)
  return out.writeBigInt64BE(BigInt(value), at + 1)
}
