import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs"
import { dirname, join } from "node:path"
import type Database from "better-sqlite3"
import { expect, onTestFinished, test } from "vitest"
import { AuditError, isFatal } from "../../../src/security/audit/audit-error.ts"
import { Sqlite } from "../../../src/security/audit/sqlite.ts"
import { verifyLog } from "../../../src/security/audit/verify-log.ts"
import { openTestWriter, sampleEntry, sampleLog, tamper } from "../../support/audit-logs.ts"
import { temporaryDirectory } from "../../support/cli.ts"

/** What opening the log, or something else with it, fails with. */
const failureOf = (what: () => unknown): AuditError => {
  try {
    what()
  } catch (error) {
    if (error instanceof AuditError) return error
    throw error
  }
  throw new Error("nothing failed")
}

const openAndClose = (folder: string): void => openTestWriter(folder).close()

test("a full database refuses the row; with room again the log goes on without a gap", () => {
  const folder = join(temporaryDirectory(), "audit")
  const small = openTestWriter(folder, { maxPages: 24 })
  const fill = (): number => {
    for (let i = 0; ; i++) {
      const failure = ((): AuditError | undefined => {
        try {
          small.writer.append([sampleEntry(i)])
          return undefined
        } catch (error) {
          if (error instanceof AuditError) return error
          throw error
        }
      })()
      if (failure === undefined) continue
      expect(failure).toMatchObject({ reason: "full", message: expect.stringContaining("Free some space") })
      return i
    }
  }
  const written = fill()
  expect(written).toBeGreaterThan(3)
  expect(fill()).toBe(0)
  small.close()
  const large = openTestWriter(folder)
  expect(large.writer.append([sampleEntry(0)])[0]?.seq).toBe(written + 3)
  large.close()
  expect(verifyLog(join(folder, "audit.db"))).toMatchObject({ verdict: "valid", rows: written + 3 })
})

test("a log that was moved away or removed while it was open takes no row, and is begun anew in its place", () => {
  for (const take of [(path: string) => renameSync(path, `${path}.gone`), rmSync]) {
    const folder = sampleLog(2)
    const opened = openTestWriter(folder)
    take(join(folder, "audit.db"))
    const failure = failureOf(() => opened.writer.append([sampleEntry(0)]))
    expect(failure).toMatchObject({ reason: "unavailable", message: expect.stringContaining("moved away") })
    expect(isFatal(failure.cause)).toBe(true)
    opened.close()
  }
})

test("a log that another program holds locked refuses the row, and goes on when it is let go", () => {
  const folder = sampleLog(0)
  const { writer, close } = openTestWriter(folder, { busyMs: 10 })
  onTestFinished(close)
  const other = new Sqlite(join(folder, "audit.db"))
  onTestFinished(() => void other.close())
  other.exec("BEGIN IMMEDIATE")
  const failure = failureOf(() => writer.append([sampleEntry(0)]))
  expect(failure).toMatchObject({ reason: "locked", message: expect.stringContaining("End that program") })
  other.exec("ROLLBACK")
  expect(writer.append([sampleEntry(0)])[0]?.seq).toBe(3)
})

test("a missing folder is made, closed to others, with the folders above it", () => {
  const folder = join(temporaryDirectory(), "a", "b", "audit")
  openAndClose(folder)
  expect((statSync(folder).mode & 0o777).toString(8)).toBe("700")
})

test("a folder and files that others may read are closed", () => {
  const folder = sampleLog(1)
  chmodSync(folder, 0o755)
  chmodSync(join(folder, "audit.db"), 0o644)
  openAndClose(folder)
  expect((statSync(folder).mode & 0o777).toString(8)).toBe("700")
  expect((statSync(join(folder, "audit.db")).mode & 0o777).toString(8)).toBe("600")
})

test.each(["folder", "database", "lock"])(
  "a link for a %s is refused, and what it leads to is not touched",
  (what) => {
    const home = temporaryDirectory()
    const folder = join(home, "audit")
    const target = join(home, "elsewhere")
    if (what === "folder") mkdirSync(target, { mode: 0o755 })
    else {
      mkdirSync(folder, { mode: 0o700 })
      writeFileSync(target, "", { mode: 0o644 })
    }
    const link = { folder, database: join(folder, "audit.db"), lock: join(folder, "writer.lock") }[what] ?? ""
    symlinkSync(target, link)
    expect(failureOf(() => openAndClose(folder)).message).toMatch(/is a link/)
    expect((statSync(target).mode & 0o777).toString(8)).toBe(what === "folder" ? "755" : "644")
  },
)

test("a file where the folder should be is refused", () => {
  const folder = join(temporaryDirectory(), "audit")
  writeFileSync(folder, "x")
  expect(failureOf(() => openAndClose(folder)).reason).toBe("unavailable")
})

test.each([
  [
    "another program's text",
    (path: string) => writeFileSync(path, "this is no database, but a text of some length"),
  ],
  ["its first page overwritten", (path: string) => overwrite(path, 0, 4096)],
  ["pages of its middle overwritten", (path: string) => overwrite(path, 8192, statSync(path).size - 8192)],
  ["cut in the middle", (path: string) => truncateSync(path, 3 * 4096)],
  [
    "a database of another program",
    (path: string) => {
      rmSync(path)
      const other = new Sqlite(path)
      other.exec("CREATE TABLE t (a)")
      other.close()
    },
  ],
])("%s: the log is corrupt, the message says what to do, and the file is left as it was", (_, damage) => {
  const folder = sampleLog(60)
  const path = join(folder, "audit.db")
  damage(path)
  const failure = failureOf(() => openAndClose(folder))
  expect(failure.reason).toBe("corrupt")
  expect(failure.message).toMatch(/expected.*move (its|the) folder aside/i)
  // With the folder moved aside a new log is begun.
  rmSync(folder, { recursive: true })
  openAndClose(folder)
  expect(verifyLog(path)).toMatchObject({ verdict: "valid", rows: 1 })
})

test("an emptied database with rows in its write-ahead log is not taken for a new one", () => {
  const folder = sampleLog(0)
  const { writer, close } = openTestWriter(folder)
  writer.append([sampleEntry(0)])
  const wal = readFileSync(join(folder, "audit.db-wal"))
  close()
  truncateSync(join(folder, "audit.db"), 0)
  writeFileSync(join(folder, "audit.db-wal"), wal)
  expect(failureOf(() => openAndClose(folder))).toMatchObject({ reason: "corrupt" })
})

test("a process that ended while it made the log leaves one that can be made", () => {
  const folder = join(temporaryDirectory(), "audit")
  mkdirSync(folder)
  writeFileSync(join(folder, "audit.db"), "")
  writeFileSync(join(folder, "audit.key.new"), "half a key", { mode: 0o600 })
  openAndClose(folder)
  expect(verifyLog(join(folder, "audit.db")).verdict).toBe("valid")
  expect(existsSync(join(folder, "audit.key.new"))).toBe(false)
})

test("nothing is added to a log whose end was changed, whose triggers were, or whose rows were cut off", () => {
  const changes: readonly (readonly [RegExp, (database: Database.Database) => void])[] = [
    [/broken after row 8/, (database) => database.exec("UPDATE rows SET decision = 'deny' WHERE seq = 9")],
    [/broken after row 8/, (database) => database.exec("DELETE FROM payloads WHERE seq = 9")],
    [
      /row 10 was signed/,
      (database) => database.exec("DELETE FROM payloads WHERE seq >= 8; DELETE FROM rows WHERE seq >= 8"),
    ],
    [/does not say which log/, (database) => database.exec("DELETE FROM log")],
  ]
  for (const [message, change] of changes) {
    const folder = sampleLog(9)
    tamper(folder, change)
    expect(failureOf(() => openAndClose(folder))).toMatchObject({
      reason: "corrupt",
      message: expect.stringMatching(message),
    })
  }
  const folder = sampleLog(3)
  const database = new Sqlite(join(folder, "audit.db"))
  database.exec("DROP TRIGGER rows_update")
  database.close()
  expect(failureOf(() => openAndClose(folder)).message).toContain("trigger rows_update is missing")
})

test("a log of a newer version is left alone", () => {
  const folder = sampleLog(1)
  const database = new Sqlite(join(folder, "audit.db"))
  database.pragma("user_version = 2")
  database.close()
  expect(failureOf(() => openAndClose(folder)).message).toMatch(
    /format 2.*Use the version of Jett that wrote it/,
  )
})

test.each([
  ["missing", (path: string) => rmSync(path), /is missing/],
  ["another one", (path: string) => writeFileSync(path, readFileSync(anotherKey())), /is not the key/],
  ["no key", (path: string) => writeFileSync(path, "x"), /holds no Ed25519 key/],
  ["open to others", (path: string) => chmodSync(path, 0o644), /can be read by others/],
])("a key that is %s is refused with the fix", (_, damage, message) => {
  const folder = sampleLog(1)
  damage(join(folder, "audit.key"))
  const failure = failureOf(() => openAndClose(folder))
  expect(failure).toMatchObject({ reason: "corrupt", message: expect.stringMatching(message) })
  expect(failure.message).toMatch(/Restore it, or move the folder aside/)
})

test.each([
  ["INSERT", "INSERT INTO rows SELECT * FROM rows WHERE seq = 2"],
  [
    "INSERT with a gap",
    "INSERT INTO rows SELECT seq + 90, prev, at_ms, mono_ms, boot, kind, call_id, turn_id, conversation_id, origin, tool, container, target_id, tier, tainted, decision, reason, payload_commit, hash FROM rows WHERE seq = 2",
  ],
  [
    "INSERT without a number",
    "INSERT INTO rows SELECT NULL, prev, at_ms, mono_ms, boot, kind, call_id, turn_id, conversation_id, origin, tool, container, target_id, tier, tainted, decision, reason, payload_commit, hash FROM rows WHERE seq = 2",
  ],
  ["INSERT OR REPLACE", "INSERT OR REPLACE INTO rows SELECT * FROM rows WHERE seq = 2"],
  ["UPDATE", "UPDATE rows SET decision = 'deny'"],
  ["UPDATE OR REPLACE", "UPDATE OR REPLACE rows SET seq = 1 WHERE seq = 2"],
  ["DELETE", "DELETE FROM rows"],
  ["a text's UPDATE", "UPDATE payloads SET text = '{}'"],
  ["a text's DELETE", "DELETE FROM payloads"],
  ["a text's REPLACE", "INSERT OR REPLACE INTO payloads SELECT * FROM payloads WHERE seq = 3"],
  ["a text for an older row", "INSERT INTO payloads SELECT 1, salt, text FROM payloads WHERE seq = 3"],
  ["a checkpoint's UPDATE", "UPDATE checkpoints SET note = ''"],
  ["a checkpoint's DELETE", "DELETE FROM checkpoints"],
  ["a checkpoint's REPLACE", "INSERT OR REPLACE INTO checkpoints SELECT * FROM checkpoints"],
  ["another identity", "INSERT OR REPLACE INTO log SELECT * FROM log"],
  ["the identity's DELETE", "DELETE FROM log"],
])("%s is refused by the database itself, on SQLite's default settings", (_, sql) => {
  const folder = sampleLog(2)
  const database = new Sqlite(join(folder, "audit.db"))
  onTestFinished(() => void database.close())
  database.pragma("foreign_keys = OFF")
  database.pragma("recursive_triggers = OFF")
  expect(() => database.exec(sql)).toThrow(/append-only/)
  expect(verifyLog(join(folder, "audit.db"))).toMatchObject({ verdict: "valid", rows: 3 })
})

const overwrite = (path: string, at: number, size: number): void => {
  const bytes = readFileSync(path)
  bytes.fill(0xa5, at, at + size)
  writeFileSync(path, bytes)
}

const anotherKey = (): string => join(dirname(join(sampleLog(0), "audit.db")), "audit.key")
