import type Database from "better-sqlite3"
import { AuditError, auditErrorOf } from "./audit-error.ts"
import { APPLICATION_ID, createSchema, headerOf, isEmpty, schemaDifference } from "./audit-schema.ts"
import { FORMAT } from "./row-hash.ts"
import { Sqlite } from "./sqlite.ts"

/**
 * Settings of every connection, and what they read as once they took effect. better-sqlite3 opens WAL databases at
 * `synchronous=NORMAL`, where a power cut can take rows that were acknowledged. It turns `defensive` on by itself.
 */
const settings: readonly (readonly [pragma: string, value: string, readsAs: number | string])[] = [
  ["journal_mode", "WAL", "wal"],
  ["synchronous", "FULL", 2],
  ["recursive_triggers", "ON", 1],
  ["foreign_keys", "ON", 1],
  ["trusted_schema", "OFF", 0],
  ["secure_delete", "ON", 1],
  ["cell_size_check", "ON", 1],
  // A file that somebody cuts while it is mapped would end the process.
  ["mmap_size", "0", 0],
]

/** Opens the database to be written, as `path` is, and makes what is in an empty one by `begin`. Raises AuditError. */
export const openDatabase = (
  path: string,
  busyMs: number,
  begin: (database: Database.Database) => void,
): Database.Database => {
  let database: Database.Database | undefined
  try {
    database = new Sqlite(path, { timeout: busyMs, fileMustExist: true })
    configure(database, path)
    if (isEmpty(database)) create(database, begin)
    checkFormat(database, path)
    return database
  } catch (error) {
    database?.close()
    throw auditErrorOf(error, path)
  }
}

const configure = (database: Database.Database, path: string): void => {
  for (const [pragma, value, readsAs] of settings) {
    database.pragma(`${pragma} = ${value}`)
    const found = database.pragma(pragma, { simple: true })
    if (found === readsAs || (pragma === "mmap_size" && found === undefined)) continue
    throw new AuditError({
      reason: "failed",
      message: `${path}: SQLite's ${pragma} is ${String(found)}; ${readsAs} was expected. Keep the log on a local disk.`,
    })
  }
}

const create = (database: Database.Database, begin: (database: Database.Database) => void): void => {
  database.exec("BEGIN EXCLUSIVE")
  createSchema(database)
  begin(database)
  database.exec("COMMIT")
}

const checkFormat = (database: Database.Database, path: string): void => {
  const { applicationId, format } = headerOf(database)
  const wrong = (found: string, fix: string): AuditError =>
    new AuditError({
      reason: "corrupt",
      message: `${path} ${found}; an intact audit log of format ${FORMAT} was expected. ${fix}`,
    })
  if (applicationId !== APPLICATION_ID)
    throw wrong("is another program's database", "Move its folder aside, and a new log is begun.")
  if (format !== FORMAT)
    throw wrong(`is of format ${String(format)}`, "Use the version of Jett that wrote it.")
  const difference = schemaDifference(database)
  if (difference !== undefined)
    throw wrong(
      `was tampered with: ${difference}`,
      "Look with `jett audit verify`; then move its folder aside, and a new log is begun.",
    )
}
