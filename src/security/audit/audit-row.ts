import { isRecord } from "../../platform/is-record.ts"
import type { AuditEntry, AuditKind, AuditRow } from "../../ports/audit.ts"
import type { CallOrigin, Tier } from "../../ports/guard.ts"
import { AuditError } from "./audit-error.ts"
import type { SqlValue } from "./canonical-encoding.ts"
import { HASHED_COLUMNS } from "./row-hash.ts"

/** An entry on its way to the database: its payload is canonical JSON already. */
export interface EntryToWrite extends Omit<AuditEntry, "payload"> {
  readonly payloadText?: string | undefined
}

/** For a SELECT of whole rows, and of the texts that are still there. */
export const ROW_SELECTION = `${HASHED_COLUMNS.map((name) => `r.${name}`).join(", ")}, r.hash, p.salt, p.text`
export const ROW_SOURCE = "rows AS r LEFT JOIN payloads AS p ON p.seq = r.seq"

/** The names in `ROW_SELECTION` that this and others ask for, as positions. */
export const column = (name: (typeof HASHED_COLUMNS)[number]): number => HASHED_COLUMNS.indexOf(name)
export const HASH_COLUMN = HASHED_COLUMNS.length
export const SALT_COLUMN = HASH_COLUMN + 1
export const TEXT_COLUMN = HASH_COLUMN + 2

const MAX_TEXT = 512

/** The columns from `call_id` to `reason`, in the order of the hash. */
export const entryValues = (entry: EntryToWrite): readonly SqlValue[] => [
  plain(entry.callId),
  plain(entry.turnId),
  plain(entry.conversationId),
  plain(entry.origin),
  plain(entry.tool),
  plain(entry.container),
  plain(entry.targetId),
  plain(entry.tier),
  entry.tainted === undefined ? null : Number(entry.tainted),
  plain(entry.decision),
  plain(entry.reason),
]

/**
 * Columns hold words and ids, never a text of somebody's: half a character, which UTF-8 cannot hold, and control
 * characters are replaced, and what is too long for an id is cut. Every other reader then sees the bytes that were hashed.
 */
const plain = (text: string | undefined): string | null =>
  text === undefined ? null : text.slice(0, MAX_TEXT).replace(/\p{Cc}|\p{Cs}/gu, "\uFFFD")

const kinds: readonly AuditKind[] = [
  "opened",
  "asked",
  "consent",
  "intent",
  "outcome",
  "denied",
  "watch",
  "erased",
  "clock",
]
const origins: readonly CallOrigin[] = ["phrase", "model", "command-line"]
const tiers: readonly Tier[] = ["read", "own", "change", "danger"]

/** A row as `ROW_SELECTION` gives it. Raises AuditError, `corrupt`, where no writer of ours wrote it. */
export const auditRowOf = (values: readonly SqlValue[]): AuditRow => {
  const text = (name: (typeof HASHED_COLUMNS)[number]): string | undefined => {
    const value = values[column(name)]
    return typeof value === "string" ? value : undefined
  }
  const seq = Number(values[column("seq")])
  const kind = oneOf(kinds, text("kind"))
  const hash = values[HASH_COLUMN]
  if (kind === undefined || !(hash instanceof Uint8Array)) {
    throw new AuditError({
      reason: "corrupt",
      message: `Row ${seq} of the audit log is not of a known kind. Look with \`jett audit verify\`.`,
    })
  }
  const tainted = values[column("tainted")]
  return {
    seq,
    atMs: Number(values[column("at_ms")]),
    hash: Buffer.from(hash).toString("hex"),
    kind,
    callId: text("call_id"),
    turnId: text("turn_id"),
    conversationId: text("conversation_id"),
    origin: oneOf(origins, text("origin")),
    tool: text("tool"),
    container: text("container"),
    targetId: text("target_id"),
    tier: oneOf(tiers, text("tier")),
    tainted: tainted === null || tainted === undefined ? undefined : Number(tainted) === 1,
    decision: text("decision"),
    reason: text("reason"),
    payload: payloadOf(values[TEXT_COLUMN]),
  }
}

/** Undefined where there is none, or none any more. */
export const payloadOf = (text: SqlValue | undefined): Readonly<Record<string, unknown>> | undefined => {
  if (typeof text !== "string") return undefined
  try {
    const value: unknown = JSON.parse(text)
    return isRecord(value) ? value : undefined
  } catch {
    return undefined
  }
}

const oneOf = <A extends string>(known: readonly A[], found: string | undefined): A | undefined =>
  known.find((word) => word === found)

/** The values of one row of a `raw()` statement. */
export const sqlValues = (row: unknown): readonly SqlValue[] => {
  if (!Array.isArray(row)) return []
  return row.map((value: unknown) => (isSqlValue(value) ? value : null))
}

const isSqlValue = (value: unknown): value is SqlValue =>
  value === null ||
  typeof value === "string" ||
  typeof value === "number" ||
  typeof value === "bigint" ||
  value instanceof Uint8Array
