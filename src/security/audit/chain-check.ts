import type Database from "better-sqlite3"
import { column, HASH_COLUMN, ROW_SOURCE, SALT_COLUMN, sqlValues, TEXT_COLUMN } from "./audit-row.ts"
import { type SqlValue, Utf8Text } from "./canonical-encoding.ts"
import { HASHED_COLUMNS, payloadCommit, rowHash } from "./row-hash.ts"

const notText: ReadonlySet<string> = new Set(["seq", "prev", "at_ms", "mono_ms", "tainted", "payload_commit"])

const SELECTION = [
  ...HASHED_COLUMNS.map((name) => (notText.has(name) ? `r.${name}` : `CAST(r.${name} AS BLOB)`)),
  "r.hash",
  "p.salt",
  "CAST(p.text AS BLOB)",
].join(", ")

/** The rows after row `seq`, streamed, as `ChainCheck` wants them: texts as bytes, integers as `bigint`. */
export const rowsAfter = function* (
  database: Database.Database,
  seq: number,
): Generator<readonly SqlValue[]> {
  const statement = database
    .prepare<unknown[], unknown>(`SELECT ${SELECTION} FROM ${ROW_SOURCE} WHERE r.seq > ? ORDER BY r.seq`)
    .raw()
    .safeIntegers()
  for (const row of statement.iterate(seq)) yield sqlValues(row)
}

/** Follows a chain row by row. Constant memory. */
export class ChainCheck {
  #seq: bigint
  #hash: Uint8Array
  /** Texts of rows up to this number were erased, as a row of the log says. */
  readonly #erasedThrough: bigint

  /** `hash` is that of row `seq`, or the genesis for 0. */
  constructor(seq: bigint, hash: Uint8Array, erasedThrough: bigint) {
    this.#seq = seq
    this.#hash = hash
    this.#erasedThrough = erasedThrough
  }

  /** How far it is good. */
  get seq(): bigint {
    return this.#seq
  }

  /** Of row `seq`. */
  get hash(): Uint8Array {
    return this.#hash
  }

  /** The next one of `rowsAfter`. What is wrong with it, or undefined. */
  next(values: readonly SqlValue[]): string | undefined {
    const seq = values[column("seq")]
    const prev = values[column("prev")]
    const hash = values[HASH_COLUMN]
    // A whole number stored as a real one reads as `number`: nothing of ours writes that.
    if (typeof seq !== "bigint" || values.some((value) => typeof value === "number"))
      return "a value has a wrong type"
    if (seq !== this.#seq + 1n) return `row ${this.#seq + 1n} is missing`
    if (!(prev instanceof Uint8Array) || !isSame(prev, this.#hash))
      return "it does not follow the row before it"
    const expected = rowHash(HASHED_COLUMNS.map((name, i) => asText(name, values[i] ?? null)))
    if (!(hash instanceof Uint8Array) || !isSame(hash, expected)) return "its content is not what was hashed"
    const trouble = this.#checkText(seq, values)
    if (trouble !== undefined) return trouble
    this.#seq = seq
    this.#hash = expected
    return undefined
  }

  #checkText(seq: bigint, values: readonly SqlValue[]): string | undefined {
    const commit = values[column("payload_commit")] ?? null
    const salt = values[SALT_COLUMN] ?? null
    const text = values[TEXT_COLUMN] ?? null
    if (commit === null) return salt === null && text === null ? undefined : "a text was added to it"
    if (salt === null && text === null) {
      return seq <= this.#erasedThrough
        ? undefined
        : "its text is missing, and no row says that it was erased"
    }
    const isWhole = commit instanceof Uint8Array && salt instanceof Uint8Array && text instanceof Uint8Array
    return isWhole && isSame(commit, payloadCommit(salt, new Utf8Text(text)))
      ? undefined
      : "its text was changed"
  }
}

const asText = (name: string, value: SqlValue): SqlValue | Utf8Text =>
  value instanceof Uint8Array && !notText.has(name) ? new Utf8Text(value) : value

export const isSame = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0
