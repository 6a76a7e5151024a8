import type Database from "better-sqlite3"
import { AuditError, auditErrorOf } from "./audit-error.ts"
import { Sqlite } from "./sqlite.ts"

export interface WriterLock {
  release(): void
}

/**
 * One writer for as long as it lives: a transaction that is never ended, in a database of its own, so that readers of the
 * log are not kept out. The kernel gives it back when the process is gone, however it went. Node has no lock call; SQLite
 * does it, between threads of one process as well. Raises AuditError, `locked` where there is another writer.
 */
export const takeWriterLock = (path: string, waitMs: number): WriterLock => {
  let database: Database.Database | undefined
  try {
    database = new Sqlite(path, { timeout: waitMs })
    database.exec("BEGIN EXCLUSIVE")
  } catch (error) {
    database?.close()
    const failure = auditErrorOf(error, path)
    if (failure.reason !== "locked") throw failure
    throw new AuditError({
      reason: "locked",
      message: `${path} is held: another process writes this audit log; one writer is allowed. End the other one, then try again.`,
      cause: error,
    })
  }
  const held = database
  return { release: () => void held.close() }
}
