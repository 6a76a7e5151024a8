import { randomBytes } from "node:crypto"
import type Database from "better-sqlite3"
import { type AuditClock, systemClock } from "./audit-clock.ts"
import { AuditError, auditErrorOf } from "./audit-error.ts"
import { type AuditFiles, auditFiles, prepareFolder, syncFolder } from "./audit-folder.ts"
import { AuditWriter } from "./audit-writer.ts"
import { ChainCheck, isSame, rowsAfter } from "./chain-check.ts"
import { erasedThrough, type LogIdentity, readIdentity, writeIdentity } from "./log-identity.ts"
import { openDatabase } from "./open-database.ts"
import { loadSigningKey, type SigningKey } from "./signing-key.ts"
import { takeWriterLock, type WriterLock } from "./writer-lock.ts"

export interface OpenWriterOptions {
  readonly folder: string
  /** Of Jett: the first row says so. */
  readonly version: string
  readonly checkpointRows: number
  /** How long another program may hold the files before `locked`. */
  readonly busyMs: number
  /** The database may have so many pages of 4 KiB: for tests of a full disk. */
  readonly maxPages?: number | undefined
  readonly clock?: AuditClock | undefined
}

export interface OpenedWriter {
  readonly writer: AuditWriter
  /** Gives the files and the lock back. */
  close(): void
}

/** The rows at the end that are checked at each start; `jett audit verify` checks all. */
const CHECKED_ROWS = 256

/** Makes or opens the log, checks its end, and adds the row `opened`, which shows that it can be written. Raises AuditError. */
export const openWriter = (options: OpenWriterOptions): OpenedWriter => {
  const files = auditFiles(options.folder)
  prepareFolder(files)
  const lock = takeWriterLock(files.lock, options.busyMs)
  let database: Database.Database | undefined
  try {
    database = openDatabase(files.database, options.busyMs, (fresh) => begin(fresh, files))
    if (options.maxPages !== undefined) database.pragma(`max_page_count = ${options.maxPages}`)
    const opened = adopt(database, files, options)
    opened.append([{ kind: "opened", decision: "opened", reason: `jett ${options.version}` }])
    return closing(opened, lock)
  } catch (error) {
    database?.close()
    lock.release()
    throw auditErrorOf(error, files.database)
  }
}

const closing = (writer: AuditWriter, lock: WriterLock): OpenedWriter => ({
  writer,
  close: () => {
    try {
      writer.close()
    } finally {
      lock.release()
    }
  },
})

const begin = (database: Database.Database, files: AuditFiles): void => {
  const { publicKey } = loadSigningKey(files.key, true)
  syncFolder(files.folder)
  writeIdentity(database, { name: `jett/audit/${randomBytes(8).toString("hex")}`, publicKey })
}

const adopt = (database: Database.Database, files: AuditFiles, options: OpenWriterOptions): AuditWriter => {
  const identity = readIdentity(database)
  if (identity === undefined) throw damaged(files, "does not say which log it is")
  const signingKey = loadSigningKey(files.key, false)
  checkKey(files, identity, signingKey)
  checkEnd(database, files, identity)
  const { clock = systemClock(), checkpointRows } = options
  return new AuditWriter(database, identity.key, signingKey, identity.genesis, {
    files,
    clock,
    checkpointRows,
  })
}

const checkKey = ({ key }: AuditFiles, identity: LogIdentity, { publicKey }: SigningKey): void => {
  if (isSame(publicKey, identity.key.publicKey)) return
  throw new AuditError({
    reason: "corrupt",
    message: `${key} is not the key that this log was begun with. Restore it, or move the folder aside, and a new log is begun.`,
  })
}

/** Nothing is added to a chain that is broken where it ends. */
const checkEnd = (database: Database.Database, files: AuditFiles, { genesis }: LogIdentity): void => {
  const last = Number(database.prepare<unknown[], unknown>("SELECT max(seq) FROM rows").pluck().get() ?? 0)
  const from = Math.max(0, last - CHECKED_ROWS)
  const before =
    from === 0
      ? genesis
      : database.prepare<unknown[], unknown>("SELECT hash FROM rows WHERE seq = ?").pluck().get(from)
  if (!(before instanceof Uint8Array)) throw damaged(files, `has no row ${from}`)
  const chain = new ChainCheck(BigInt(from), before, erasedThrough(database))
  for (const row of rowsAfter(database, from)) {
    const trouble = chain.next(row)
    if (trouble !== undefined) throw damaged(files, `is broken after row ${chain.seq}: ${trouble}`)
  }
  const covered = Number(
    database.prepare<unknown[], unknown>("SELECT max(size) FROM checkpoints").pluck().get() ?? 0,
  )
  if (covered > last) throw damaged(files, `ends at row ${last}, but row ${covered} was signed`)
}

const damaged = ({ database }: AuditFiles, found: string): AuditError =>
  new AuditError({
    reason: "corrupt",
    message: `${database} ${found}; an unbroken chain was expected. Look with \`jett audit verify\`; then move its folder aside, and a new log is begun.`,
  })
