import type Database from "better-sqlite3"
import {
  column,
  HASH_COLUMN,
  ROW_SELECTION,
  ROW_SOURCE,
  SALT_COLUMN,
  sqlValues,
  TEXT_COLUMN,
} from "./audit-row.ts"
import { type SqlValue, Utf8Text } from "./canonical-encoding.ts"
import { HASHED_COLUMNS, payloadCommit, rowHash } from "./row-hash.ts"

/** A value of a row to be checked: text that may not be what it seems comes as its bytes. */
type CheckedValue = SqlValue | Utf8Text

const notText: ReadonlySet<string> = new Set(["seq", "prev", "at_ms", "mono_ms", "tainted", "payload_commit"])

const EXACT_SELECTION = [
  ...HASHED_COLUMNS.map((name) => (notText.has(name) ? `r.${name}` : `CAST(r.${name} AS BLOB)`)),
  "r.hash",
  "p.salt",
  "CAST(p.text AS BLOB)",
].join(", ")

/**
 * The rows after row `seq`, streamed, as `ChainCheck` wants them: integers as `bigint`; a text in which bytes were
 * replaced because they are no UTF-8, or which holds the sign for that, as its bytes.
 */
export const rowsAfter = function* (
  database: Database.Database,
  seq: number,
): Generator<readonly CheckedValue[]> {
  const raw = (selection: string, rest: string) =>
    database
      .prepare<unknown[], unknown>(`SELECT ${selection} FROM ${ROW_SOURCE} WHERE ${rest}`)
      .raw()
      .safeIntegers()
  const exactly = raw(EXACT_SELECTION, "r.seq = ?")
  for (const row of raw(ROW_SELECTION, "r.seq > ? ORDER BY r.seq").iterate(seq)) {
    const values = sqlValues(row)
    yield values.some(isDoubtful) ? exactValues(sqlValues(exactly.get(values[0]))) : values
  }
}

const isDoubtful = (value: SqlValue): boolean => typeof value === "string" && value.includes("\uFFFD")

const exactValues = (values: readonly SqlValue[]): readonly CheckedValue[] =>
  values.map((value, i) => {
    const name = HASHED_COLUMNS[i]
    const isText = i === TEXT_COLUMN || (name !== undefined && !notText.has(name))
    return isText && value instanceof Uint8Array ? new Utf8Text(value) : value
  })

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
  next(values: readonly CheckedValue[]): string | undefined {
    const seq = values[column("seq")]
    const prev = values[column("prev")]
    const hash = values[HASH_COLUMN]
    // A whole number stored as a real one reads as `number`: nothing of ours writes that.
    if (typeof seq !== "bigint" || values.some((value) => typeof value === "number"))
      return "a value has a wrong type"
    if (seq !== this.#seq + 1n) return `row ${this.#seq + 1n} is missing`
    if (!(prev instanceof Uint8Array) || !isSame(prev, this.#hash))
      return "it does not follow the row before it"
    const expected = rowHash(values.slice(0, HASHED_COLUMNS.length))
    if (!(hash instanceof Uint8Array) || !isSame(hash, expected)) return "its content is not what was hashed"
    const trouble = this.#checkText(seq, values)
    if (trouble !== undefined) return trouble
    this.#seq = seq
    this.#hash = expected
    return undefined
  }

  #checkText(seq: bigint, values: readonly CheckedValue[]): string | undefined {
    const commit = values[column("payload_commit")] ?? null
    const salt = values[SALT_COLUMN] ?? null
    const text = values[TEXT_COLUMN] ?? null
    if (commit === null) return salt === null && text === null ? undefined : "a text was added to it"
    if (salt === null && text === null) {
      return seq <= this.#erasedThrough
        ? undefined
        : "its text is missing, and no row says that it was erased"
    }
    const isText = typeof text === "string" || text instanceof Utf8Text
    const isWhole = commit instanceof Uint8Array && salt instanceof Uint8Array && isText
    return isWhole && isSame(commit, payloadCommit(salt, text)) ? undefined : "its text was changed"
  }
}

export const isSame = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0
