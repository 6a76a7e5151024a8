import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type Database from "better-sqlite3"
import type { AuditClock } from "../../src/security/audit/audit-clock.ts"
import type { EntryToWrite } from "../../src/security/audit/audit-row.ts"
import { type OpenedWriter, openWriter } from "../../src/security/audit/open-writer.ts"
import { Sqlite } from "../../src/security/audit/sqlite.ts"
import { temporaryDirectory } from "./cli.ts"

/** A clock that goes on by one ms at each look, and can be moved. */
export interface SteppedClock extends AuditClock {
  /** Moves the wall clock alone. */
  setWall(byMs: number): void
  /** Lets time pass. */
  pass(ms: number): void
}

export const steppedClock = (startMs = 1_700_000_000_000, bootId = "boot-1"): SteppedClock => {
  let wall = startMs
  let uptime = 10_000
  return {
    bootId,
    wallMs: () => ++wall,
    uptimeMs: () => ++uptime,
    setWall: (byMs) => {
      wall += byMs
    },
    pass: (ms) => {
      wall += ms
      uptime += ms
    },
  }
}

export const openTestWriter = (
  folder: string,
  options: Partial<Parameters<typeof openWriter>[0]> = {},
): OpenedWriter => openWriter({ folder, version: "0.0.0", checkpointRows: 100, busyMs: 50, ...options })

/** Row `i` of a log for tests: every column is used. */
export const sampleEntry = (i: number): EntryToWrite => ({
  kind: i % 2 === 0 ? "intent" : "outcome",
  callId: `call-${Math.floor(i / 2)}`,
  turnId: `turn-${i}`,
  conversationId: "conversation-1",
  origin: "model",
  tool: "restart_container",
  container: "n8n",
  targetId: "0123456789abcdef",
  tier: "change",
  tainted: i % 3 === 0,
  decision: "allow",
  reason: "within the table",
  payloadText: JSON.stringify({ row: i }),
})

const made: Map<number, string> = new Map()

/** A folder with a log of `rows` rows besides the one that says that it was opened, signed every 8 rows and at the end. */
export const sampleLog = (rows: number): string => {
  const found = made.get(rows) ?? makeLog(rows)
  made.set(rows, found)
  return copyLog(found)
}

/** Made once: each row waits for the disk. */
const makeLog = (rows: number): string => {
  const home = mkdtempSync(join(tmpdir(), "jt-"))
  process.once("exit", () => rmSync(home, { recursive: true, force: true }))
  const folder = join(home, "audit")
  const { writer, close } = openTestWriter(folder, { checkpointRows: 8, clock: steppedClock() })
  for (let i = 0; i < rows; i++) writer.append([sampleEntry(i)])
  writer.checkpoint()
  close()
  return folder
}

/** A copy of the log as its files are now, in a folder of its own. */
export const copyLog = (folder: string): string => {
  const copy = join(temporaryDirectory(), "audit")
  mkdirSync(copy, { mode: 0o700 })
  for (const name of ["audit.db", "audit.db-wal", "audit.key"]) {
    if (existsSync(join(folder, name))) copyFileSync(join(folder, name), join(copy, name))
  }
  return copy
}

/** Somebody changes the database with a tool of theirs, and covers the tracks: the triggers are as before. */
export const tamper = (folder: string, change: (database: Database.Database) => void): string => {
  const database = new Sqlite(join(folder, "audit.db"))
  const triggers = database
    .prepare<unknown[], { readonly name: string; readonly sql: string }>(
      "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'",
    )
    .all()
  database.pragma("foreign_keys = OFF")
  database.pragma("ignore_check_constraints = ON")
  for (const { name } of triggers) database.exec(`DROP TRIGGER ${name}`)
  change(database)
  for (const { sql } of triggers) database.exec(sql)
  database.close()
  return join(folder, "audit.db")
}
