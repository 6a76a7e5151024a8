import { randomBytes } from "node:crypto"
import { type Stats, statSync } from "node:fs"
import type Database from "better-sqlite3"
import type { AuditRow } from "../../ports/audit.ts"
import type { AuditClock } from "./audit-clock.ts"
import { AuditError, auditErrorOf, LogMoved } from "./audit-error.ts"
import type { AuditFiles } from "./audit-folder.ts"
import {
  auditRowOf,
  type EntryToWrite,
  entryValues,
  ROW_SELECTION,
  ROW_SOURCE,
  sqlValues,
} from "./audit-row.ts"
import type { SqlValue } from "./canonical-encoding.ts"
import { formatCheckpoint } from "./checkpoint.ts"
import { HASHED_COLUMNS, payloadCommit, rowHash } from "./row-hash.ts"
import { formatVerifierKey, signNote, type VerifierKey } from "./signed-note.ts"
import type { SigningKey } from "./signing-key.ts"

export interface AuditWriterOptions {
  readonly files: AuditFiles
  readonly clock: AuditClock
  /** A checkpoint is signed at the latest after so many rows. */
  readonly checkpointRows: number
}

/** The end of the chain, as the database has it. */
interface Tail {
  readonly seq: number
  readonly hash: Uint8Array
  readonly atMs: number
  readonly uptimeMs: number
  readonly boot: string
}

/** A step of the wall clock against the uptime, and a sleep of the machine, which the uptime does not count. */
const JUMP_MS = 2_000

/**
 * The log as its one writer has it: synchronous, for a thread of its own. Every write is one transaction, on disk when it
 * returns. The end of the chain is read anew each time: after a failure nothing of what was meant is taken for written.
 */
export class AuditWriter {
  readonly verifierKey: string
  readonly #database: Database.Database
  readonly #options: AuditWriterOptions
  readonly #key: VerifierKey
  readonly #signingKey: SigningKey
  readonly #genesis: Uint8Array
  readonly #statements: Statements
  readonly #file: Stats
  /** Of the last checkpoint. */
  #covered: number

  /** `database` was opened by `openDatabase`; both are given back by `close`. */
  constructor(
    database: Database.Database,
    key: VerifierKey,
    signingKey: SigningKey,
    genesis: Uint8Array,
    options: AuditWriterOptions,
  ) {
    this.#database = database
    this.#options = options
    this.#key = key
    this.#signingKey = signingKey
    this.#genesis = genesis
    this.#statements = prepare(database)
    this.#file = statSync(options.files.database)
    this.verifierKey = formatVerifierKey(key)
    this.#covered = Number(this.#statements.covered.pluck().get() ?? 0)
  }

  /** All of them or none. Raises AuditError. */
  append(entries: readonly EntryToWrite[]): readonly AuditRow[] {
    return this.#write(() => {
      const rows = entries.flatMap((entry) => this.#insert(entry))
      if (this.#tail().seq - this.#covered >= this.#options.checkpointRows) this.#sign()
      return rows
    })
  }

  /** Of the last `ms` by the wall clock, the future included, or by this boot's uptime; oldest first. */
  recent(ms: number): readonly AuditRow[] {
    const { clock } = this.#options
    return this.#guarded(() =>
      this.#statements.recent
        .all(clock.wallMs() - ms, clock.bootId, clock.uptimeMs() - ms)
        .map((row) => auditRowOf(sqlValues(row))),
    )
  }

  /** Intents without an outcome after them, oldest first. */
  orphans(): readonly AuditRow[] {
    return this.#guarded(() => this.#statements.orphans.all().map((row) => auditRowOf(sqlValues(row))))
  }

  /** The newest checkpoint; signs one where rows came after the last. */
  checkpoint(): string {
    return this.#write(() => {
      if (this.#tail().seq > this.#covered) this.#sign()
      return String(this.#statements.newestNote.pluck().get())
    })
  }

  /** Erases the texts of rows before `beforeMs` (wall clock), and says so in a row. How many there were. */
  erase(beforeMs: number): number {
    const erased = this.#write(() => {
      const from = Number(this.#statements.firstText.pluck().get() ?? 0)
      if (from === 0) return 0
      const kept = this.#statements.firstSince.pluck().get(from, beforeMs)
      const through = kept === undefined ? this.#tail().seq : Number(kept) - 1
      if (through < from) return 0
      this.#insert({ kind: "erased", targetId: String(through), decision: "erased", reason: "retention" })
      return this.#statements.deleteTexts.run(through).changes
    })
    // The bytes leave the write-ahead log, too; a reader in its way only puts it off.
    if (erased > 0) this.#guarded(() => this.#database.pragma("wal_checkpoint(TRUNCATE)"))
    return erased
  }

  close(): void {
    this.#database.close()
  }

  #insert(entry: EntryToWrite): readonly AuditRow[] {
    const { clock } = this.#options
    const tail = this.#tail()
    const now = { atMs: clock.wallMs(), uptimeMs: clock.uptimeMs() }
    const jumpMs = tail.boot === clock.bootId ? now.atMs - tail.atMs - (now.uptimeMs - tail.uptimeMs) : 0
    if (Math.abs(jumpMs) < JUMP_MS) return [this.#insertAfter(tail, now, entry)]
    this.#insertAfter(tail, now, {
      kind: "clock",
      decision: jumpMs > 0 ? "forward" : "back",
      reason: `${Math.abs(jumpMs)} ms`,
    })
    return [this.#insertAfter(this.#tail(), now, entry)]
  }

  #insertAfter(
    tail: Tail,
    { atMs, uptimeMs }: { readonly atMs: number; readonly uptimeMs: number },
    entry: EntryToWrite,
  ): AuditRow {
    const seq = tail.seq + 1
    const salt = randomBytes(32)
    const { payloadText } = entry
    const commit = payloadText === undefined ? null : payloadCommit(salt, payloadText)
    const values: readonly SqlValue[] = [
      seq,
      tail.hash,
      atMs,
      uptimeMs,
      this.#options.clock.bootId,
      entry.kind,
      ...entryValues(entry),
      commit,
    ]
    const hash = rowHash(values)
    this.#statements.insertRow.run(...values, hash)
    if (payloadText !== undefined) this.#statements.insertText.run(seq, salt, payloadText)
    return auditRowOf([...values, hash, salt, payloadText ?? null])
  }

  #tail(): Tail {
    const [seq, hash, atMs, uptimeMs, boot] = sqlValues(this.#statements.tail.get())
    if (!(hash instanceof Uint8Array)) {
      return { seq: 0, hash: this.#genesis, atMs: 0, uptimeMs: 0, boot: "" }
    }
    return { seq: Number(seq), hash, atMs: Number(atMs), uptimeMs: Number(uptimeMs), boot: String(boot) }
  }

  #sign(): void {
    const { seq, hash } = this.#tail()
    const text = formatCheckpoint({ origin: this.#key.name, size: seq, root: hash })
    this.#statements.insertNote.run(seq, signNote(text, this.#key, this.#signingKey.privateKey))
    this.#covered = seq
  }

  #write<A>(what: () => A): A {
    const covered = this.#covered
    return this.#guarded(() => {
      this.#checkPlace()
      try {
        this.#database.exec("BEGIN IMMEDIATE")
        const result = what()
        this.#database.exec("COMMIT")
        return result
      } catch (error) {
        this.#covered = covered
        // Some errors end the transaction by themselves.
        if (this.#database.inTransaction) this.#database.exec("ROLLBACK")
        throw error
      }
    })
  }

  /** A file that is removed, or moved, takes rows as before; nobody would ever read them. */
  #checkPlace(): void {
    const { database } = this.#options.files
    const found = statSync(database, { throwIfNoEntry: false })
    if (found?.ino === this.#file.ino && found.dev === this.#file.dev) return
    throw new AuditError({
      reason: "unavailable",
      message: `${database} was moved away or replaced while it was in use; the log that was opened was expected. Put it back and restart Jett; until then, what is there is opened anew.`,
      cause: new LogMoved(),
    })
  }

  #guarded<A>(what: () => A): A {
    try {
      return what()
    } catch (error) {
      throw auditErrorOf(error, this.#options.files.database)
    }
  }
}

type Statement = Database.Statement<unknown[], unknown>
type Statements = ReturnType<typeof prepare>

const prepare = (database: Database.Database) => {
  const raw = (sql: string): Statement => database.prepare<unknown[], unknown>(sql).raw()
  const plain = (sql: string): Statement => database.prepare<unknown[], unknown>(sql)
  return {
    tail: raw("SELECT seq, hash, at_ms, mono_ms, boot FROM rows ORDER BY seq DESC LIMIT 1"),
    insertRow: plain(
      `INSERT INTO rows (${HASHED_COLUMNS.join(", ")}, hash) VALUES (${HASHED_COLUMNS.map(() => "?").join(", ")}, ?)`,
    ),
    insertText: plain("INSERT INTO payloads (seq, salt, text) VALUES (?, ?, ?)"),
    insertNote: plain("INSERT INTO checkpoints (size, note) VALUES (?, ?)"),
    newestNote: plain("SELECT note FROM checkpoints ORDER BY size DESC LIMIT 1"),
    covered: plain("SELECT max(size) FROM checkpoints"),
    recent: raw(RECENT),
    orphans: raw(ORPHANS),
    firstText: plain("SELECT min(seq) FROM payloads"),
    firstSince: plain("SELECT seq FROM rows WHERE seq >= ? AND at_ms >= ? ORDER BY seq LIMIT 1"),
    deleteTexts: plain("DELETE FROM payloads WHERE seq <= ?"),
  }
}

export const RECENT = `SELECT ${ROW_SELECTION} FROM ${ROW_SOURCE} WHERE r.seq IN (
  SELECT seq FROM rows INDEXED BY rows_at WHERE at_ms >= ?
  UNION ALL SELECT seq FROM rows INDEXED BY rows_uptime WHERE boot = ? AND mono_ms >= ?
) ORDER BY r.seq`

export const ORPHANS = `SELECT ${ROW_SELECTION} FROM rows AS r INDEXED BY rows_intents
LEFT JOIN payloads AS p ON p.seq = r.seq
WHERE r.kind = 'intent' AND NOT EXISTS (
  SELECT 1 FROM rows AS o INDEXED BY rows_outcomes
  WHERE o.kind = 'outcome' AND o.call_id = r.call_id AND o.seq > r.seq
) ORDER BY r.seq`
