import { join } from "node:path"
import { expect, onTestFinished, test } from "vitest"
import { openDatabase } from "../../../src/security/audit/open-database.ts"
import { sampleLog } from "../../support/audit-logs.ts"

const open = () => {
  const database = openDatabase(join(sampleLog(1), "audit.db"), 50, () => undefined)
  onTestFinished(() => void database.close())
  return database
}

test.each([
  ["journal_mode", "wal"],
  // FULL: better-sqlite3 opens a WAL database at NORMAL.
  ["synchronous", 2],
  ["recursive_triggers", 1],
  ["foreign_keys", 1],
  ["trusted_schema", 0],
  ["secure_delete", 1],
])("the writer's connection has %s = %s, also in a log that is opened again", (pragma, value) => {
  expect(open().pragma(pragma, { simple: true })).toBe(value)
})

test("the tables themselves cannot be rewritten through the writer's connection", () => {
  const database = open()
  database.pragma("writable_schema = ON")
  expect(() => database.exec("DELETE FROM sqlite_schema WHERE type = 'trigger'")).toThrow(
    /may not be modified/,
  )
})
