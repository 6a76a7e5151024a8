import { copyFileSync, existsSync, readFileSync, truncateSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, test } from "vitest"
import { HASHED_COLUMNS } from "../../../src/security/audit/row-hash.ts"
import { parseVerifierKey } from "../../../src/security/audit/signed-note.ts"
import { Sqlite } from "../../../src/security/audit/sqlite.ts"
import { verifyLog } from "../../../src/security/audit/verify-log.ts"
import { copyLog, openTestWriter, sampleEntry, sampleLog, tamper } from "../../support/audit-logs.ts"
import { mutations } from "../../support/audit-mutations.ts"
import { temporaryDirectory } from "../../support/cli.ts"

const databaseOf = (folder: string): string => join(folder, "audit.db")

/** The newest checkpoint of a log. */
const checkpointOf = (folder: string): string => {
  const database = new Sqlite(databaseOf(folder), { readonly: true })
  try {
    return String(
      database.prepare<unknown[], unknown>("SELECT note FROM checkpoints ORDER BY size DESC").pluck().get(),
    )
  } finally {
    database.close()
  }
}

test("a log as it was written is valid, alone and against its checkpoint", () => {
  const folder = sampleLog(20)
  const path = databaseOf(folder)
  expect(verifyLog(path)).toMatchObject({ verdict: "valid", rows: 21, covered: 21 })
  expect(verifyLog(path, { checkpoint: checkpointOf(folder) })).toMatchObject({ verdict: "valid" })
  const key = parseVerifierKey(verifyLog(path).key ?? "")
  expect(verifyLog(path, { key })).toMatchObject({ verdict: "valid" })
})

test("a log is verified as it is at one moment, while it is written", () => {
  const folder = sampleLog(5)
  const { writer, close } = openTestWriter(folder)
  for (let i = 0; i < 5; i++) {
    writer.append([sampleEntry(i)])
    expect(verifyLog(databaseOf(folder))).toMatchObject({ verdict: "valid", rows: 8 + i })
  }
  close()
})

describe("a change that covers its tracks", () => {
  test.each(HASHED_COLUMNS.filter((name) => name !== "seq").concat())(
    "of the column %s is found at its row",
    (name) => {
      const folder = sampleLog(20)
      const path = tamper(folder, (database) => {
        const changed = database
          .prepare(
            `UPDATE rows SET ${name} = CASE typeof(${name}) WHEN 'integer' THEN 1 - ${name} WHEN 'text' THEN 'x' || ${name}
           WHEN 'blob' THEN zeroblob(32) ELSE ${name} END WHERE seq = 7`,
          )
          .run().changes
        expect(changed).toBe(1)
      })
      expect(verifyLog(path)).toMatchObject({ verdict: "broken", firstBadRow: 7, rows: 6 })
    },
  )

  test.each(mutations)("$title is found", ({ change, verdict, firstBadRow }) => {
    const report = verifyLog(tamper(sampleLog(20), change))
    expect(report).toMatchObject({ verdict })
    expect(report.firstBadRow).toBe(firstBadRow)
  })
})

test("rows cut off the end, with the checkpoints over them, show only against one that was kept elsewhere", () => {
  const folder = sampleLog(20)
  const checkpoint = checkpointOf(folder)
  const path = tamper(folder, (database) =>
    database.exec(
      "DELETE FROM checkpoints WHERE size > 12; DELETE FROM payloads WHERE seq > 12; DELETE FROM rows WHERE seq > 12",
    ),
  )
  expect(verifyLog(path)).toMatchObject({ verdict: "valid", rows: 12 })
  expect(verifyLog(path, { checkpoint })).toMatchObject({ verdict: "truncated", rows: 12 })
})

test("an older copy of the whole database shows against a newer checkpoint", () => {
  const folder = sampleLog(5)
  const older = copyLog(folder)
  const { writer, close } = openTestWriter(folder)
  writer.append([sampleEntry(0)])
  const checkpoint = writer.checkpoint()
  close()
  expect(verifyLog(databaseOf(older))).toMatchObject({ verdict: "valid" })
  expect(verifyLog(databaseOf(older), { checkpoint })).toMatchObject({ verdict: "truncated" })
  expect(verifyLog(databaseOf(folder), { checkpoint })).toMatchObject({ verdict: "valid" })
})

test("another past with the same key is found by the checkpoint that was kept", () => {
  const folder = sampleLog(5)
  const other = copyLog(folder)
  const [one, two] = [openTestWriter(folder), openTestWriter(other)]
  one.writer.append([sampleEntry(1)])
  two.writer.append([sampleEntry(2)])
  const checkpoint = one.writer.checkpoint()
  one.close()
  two.close()
  expect(verifyLog(databaseOf(other))).toMatchObject({ verdict: "valid" })
  expect(verifyLog(databaseOf(other), { checkpoint })).toMatchObject({ verdict: "broken", firstBadRow: 8 })
})

describe("what cannot be verified", () => {
  const notes: readonly (readonly [string, (note: string) => string])[] = [
    ["is no note", () => "hello\n"],
    ["is empty", () => ""],
    ["has another size", (note) => note.replace("\n21\n", "\n22\n")],
    ["is of another log", () => checkpointOf(sampleLog(3))],
    ["has another signature", (note) => note.replace(/.{8}\n$/, "AAAAAAA=\n")],
  ]
  test.each(notes)("is a checkpoint that %s", (_, change) => {
    const folder = sampleLog(20)
    const checkpoint = change(checkpointOf(folder))
    expect(verifyLog(databaseOf(folder), { checkpoint }).verdict).toBe("unverifiable")
  })

  test("is a log that another key signed", () => {
    const key = parseVerifierKey(verifyLog(databaseOf(sampleLog(3))).key ?? "")
    expect(key).toBeDefined()
    expect(verifyLog(databaseOf(sampleLog(20)), { key }).verdict).toBe("unverifiable")
  })

  test("is a file that is no database, or is not there; none is made", () => {
    const path = join(temporaryDirectory(), "audit.db")
    expect(verifyLog(path).verdict).toBe("unverifiable")
    expect(existsSync(path)).toBe(false)
    writeFileSync(path, "this is no database, but a text that is long enough to be one".repeat(20))
    expect(verifyLog(path).verdict).toBe("unverifiable")
    writeFileSync(path, "")
    expect(verifyLog(path).verdict).toBe("unverifiable")
  })

  test("is a log of a newer version", () => {
    const folder = sampleLog(3)
    const path = tamper(folder, (database) => void database.pragma("user_version = 9"))
    expect(verifyLog(path)).toMatchObject({
      verdict: "unverifiable",
      message: expect.stringContaining("format 9"),
    })
  })
})

test("a database that was cut is never valid, wherever it was cut", () => {
  const folder = sampleLog(20)
  const size = readFileSync(databaseOf(folder)).length
  const checkpoint = checkpointOf(folder)
  for (let cut = size - 512; cut > 0; cut -= 3_000) {
    const path = databaseOf(copyLog(folder))
    truncateSync(path, cut)
    expect([cut, verifyLog(path, { checkpoint }).verdict]).not.toEqual([cut, "valid"])
  }
})

test.each(["rows_update", "payloads_delete", "rows_insert"])("a missing trigger %s is found", (name) => {
  const path = databaseOf(sampleLog(3))
  const database = new Sqlite(path)
  database.exec(`DROP TRIGGER ${name}`)
  database.close()
  expect(verifyLog(path)).toMatchObject({ verdict: "broken", message: expect.stringContaining(name) })
})

test("a trigger that was made harmless, and one that was added, are found", () => {
  for (const sql of [
    "DROP TRIGGER rows_delete; CREATE TRIGGER rows_delete BEFORE DELETE ON rows BEGIN SELECT 1; END",
    "CREATE TRIGGER more AFTER INSERT ON rows BEGIN SELECT 1; END",
    "CREATE TABLE more (a)",
  ]) {
    const path = databaseOf(sampleLog(3))
    const database = new Sqlite(path)
    database.exec(sql)
    database.close()
    expect(verifyLog(path).verdict).toBe("broken")
  }
})

test("bytes that are no text are not taken for the sign that stands for such bytes", () => {
  const folder = sampleLog(0)
  const { writer, close } = openTestWriter(folder)
  writer.append([{ kind: "denied", container: "-\uFFFD-" }])
  close()
  const path = databaseOf(folder)
  copyFileSync(path, `${path}.before`)
  const bytes = readFileSync(path)
  const at = bytes.indexOf("-\uFFFD-")
  // Three bytes that decode to one U+FFFD, as the three of U+FFFD itself do.
  bytes.set([0xf0, 0x90, 0x80], at + 1)
  writeFileSync(path, bytes)
  expect(bytes.toString("utf8", at, at + 5)).toBe("-\uFFFD-")
  expect(verifyLog(`${path}.before`).verdict).toBe("valid")
  expect(verifyLog(path)).toMatchObject({ verdict: "broken", firstBadRow: 3 })
})
