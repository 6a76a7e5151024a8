import type Database from "better-sqlite3"
import { Sqlite } from "./sqlite.ts"

/** How long a writer that is just beginning or ending may hold a reader up. */
const BUSY_MS = 2_000

/** A connection that can only read, beside a writer too. Throws what SQLite throws; makes no database. */
export const openReader = (path: string, busyMs = BUSY_MS): Database.Database => {
  const database = new Sqlite(path, { readonly: true, fileMustExist: true, timeout: busyMs })
  database.pragma("trusted_schema = OFF")
  database.pragma("cell_size_check = ON")
  database.pragma("mmap_size = 0")
  return database
}
