import type Database from "better-sqlite3"
import {
  column,
  HASH_COLUMN,
  payloadOf,
  ROW_SELECTION,
  ROW_SOURCE,
  SALT_COLUMN,
  sqlValues,
  TEXT_COLUMN,
} from "./audit-row.ts"
import { APPLICATION_ID, headerOf } from "./audit-schema.ts"
import type { SqlValue } from "./canonical-encoding.ts"
import { readIdentity } from "./log-identity.ts"
import { openReader } from "./open-reader.ts"
import { FORMAT } from "./row-hash.ts"
import { formatVerifierKey } from "./signed-note.ts"

/** A row as it is shown: what is empty is left out. */
export interface LogRecord {
  readonly seq: number
  /** Wall clock, ms. */
  readonly atMs: number
  readonly uptimeMs: number
  readonly boot: string
  readonly kind: string
  /** The other columns, by their names in the code: `callId`, `decision`… */
  readonly details: Readonly<Record<string, string | boolean>>
  readonly payload: { readonly type: "none" } | { readonly type: "erased" } | StoredPayload
  /** Lower-case hex. */
  readonly prev: string
  readonly hash: string
}

interface StoredPayload {
  readonly type: "stored"
  readonly value: Readonly<Record<string, unknown>>
}

/** The log as another process reads it, at one moment. Nothing is verified here. */
export interface LogReader {
  /** The last rows, oldest first. */
  tail(count: number): readonly LogRecord[]
  row(seq: number): LogRecord | undefined
  all(): Iterable<LogRecord>
  /** The newest checkpoint, a signed note; undefined where there is none yet. */
  readonly checkpoint: string | undefined
  readonly verifierKey: string
  close(): void
}

/** The file is there, but no log that this version can read. */
class UnreadableLog extends Error {
  readonly _tag = "UnreadableLog"
}

const SELECT = `SELECT ${ROW_SELECTION} FROM ${ROW_SOURCE}`

/** Raises UnreadableLog, or what SQLite throws. */
export const readLog = (path: string): LogReader => {
  const database = openReader(path)
  try {
    database.exec("BEGIN")
    return readerOf(database, path)
  } catch (error) {
    database.close()
    throw error
  }
}

const readerOf = (database: Database.Database, path: string): LogReader => {
  const { applicationId, format } = headerOf(database)
  if (applicationId !== APPLICATION_ID || format !== FORMAT) {
    throw new UnreadableLog(
      `${path} is no audit log, or of another format than ${FORMAT}; use the version of Jett that wrote it`,
    )
  }
  const identity = readIdentity(database)
  if (identity === undefined) throw new UnreadableLog(`${path} is damaged: look with jett audit verify`)
  const rows = (rest: string) => database.prepare<unknown[], unknown>(`${SELECT} ${rest}`).raw()
  return {
    tail: (count) =>
      rows("ORDER BY r.seq DESC LIMIT ?")
        .all(count)
        .map((row) => recordOf(sqlValues(row)))
        .toReversed(),
    row: (seq) => {
      const found = rows("WHERE r.seq = ?").get(seq)
      return found === undefined ? undefined : recordOf(sqlValues(found))
    },
    all: function* () {
      for (const row of rows("ORDER BY r.seq").iterate()) yield recordOf(sqlValues(row))
    },
    get checkpoint() {
      const note = database
        .prepare<unknown[], unknown>("SELECT note FROM checkpoints ORDER BY size DESC LIMIT 1")
        .pluck()
        .get()
      return typeof note === "string" ? note : undefined
    },
    verifierKey: formatVerifierKey(identity.key),
    close: () => void database.close(),
  }
}

const details = [
  ["callId", "call_id"],
  ["turnId", "turn_id"],
  ["conversationId", "conversation_id"],
  ["origin", "origin"],
  ["tool", "tool"],
  ["container", "container"],
  ["targetId", "target_id"],
  ["tier", "tier"],
  ["decision", "decision"],
  ["reason", "reason"],
] as const

const recordOf = (values: readonly SqlValue[]): LogRecord => {
  const at = (name: Parameters<typeof column>[0]): SqlValue => values[column(name)] ?? null
  const named = details.flatMap(([name, from]) =>
    at(from) === null ? [] : [[name, String(at(from))] as const],
  )
  const tainted = at("tainted")
  return {
    seq: Number(at("seq")),
    atMs: Number(at("at_ms")),
    uptimeMs: Number(at("mono_ms")),
    boot: String(at("boot")),
    kind: String(at("kind")),
    details: { ...Object.fromEntries(named), ...(tainted !== null && { tainted: Number(tainted) === 1 }) },
    payload: payload(at("payload_commit"), values[SALT_COLUMN] ?? null, values[TEXT_COLUMN] ?? null),
    prev: hex(at("prev")),
    hash: hex(values[HASH_COLUMN] ?? null),
  }
}

const payload = (commit: SqlValue, salt: SqlValue, text: SqlValue): LogRecord["payload"] => {
  if (commit === null) return { type: "none" }
  return salt === null ? { type: "erased" } : { type: "stored", value: payloadOf(text) ?? {} }
}

const hex = (value: SqlValue): string =>
  value instanceof Uint8Array ? Buffer.from(value).toString("hex") : ""
