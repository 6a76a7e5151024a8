import { spawnSync } from "node:child_process"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { describe, expect, test } from "vitest"
import { Sqlite } from "../../src/security/audit/sqlite.ts"
import { verifyLog } from "../../src/security/audit/verify-log.ts"
import { verdicts } from "../../src/security/audit/verify-report.ts"
import { copyLog, openTestWriter, sampleEntry, sampleLog, tamper } from "../support/audit-logs.ts"
import { mutations } from "../support/audit-mutations.ts"
import { temporaryDirectory } from "../support/cli.ts"

const script = fileURLToPath(new URL("../verify_audit.py", import.meta.url))
const vectors = fileURLToPath(new URL("../vectors/", import.meta.url))
const hasPython = spawnSync("python3", ["--version"]).status === 0

const python = (...args: readonly string[]) => {
  const { status, stdout, stderr } = spawnSync("python3", ["-B", script, ...args], { encoding: "utf8" })
  return { status, out: `${stdout}${stderr}`.trim() }
}

/** Both verifiers' exit codes. */
const both = (database: string, checkpoint?: string): readonly (number | null)[] => {
  const file = join(temporaryDirectory(), "checkpoint")
  if (checkpoint !== undefined) writeFileSync(file, checkpoint)
  const ours = verifyLog(database, { checkpoint })
  return [verdicts[ours.verdict], python(database, ...(checkpoint === undefined ? [] : [file])).status]
}

describe.skipIf(!hasPython)("a second verifier, in Python [skipped without python3]", () => {
  test("sees the same head in a log that was just written", () => {
    const folder = sampleLog(20)
    const database = join(folder, "audit.db")
    const { rows, head } = verifyLog(database)
    expect(python(database)).toEqual({ status: 0, out: `${rows} ${head}` })
  })

  test("agrees on a log with texts that were erased", () => {
    const folder = sampleLog(20)
    const { writer, close } = openTestWriter(folder)
    expect(writer.erase(Date.now())).toBe(20)
    writer.append([sampleEntry(0)])
    close()
    const database = join(folder, "audit.db")
    expect(both(database)).toEqual([0, 0])
    tamper(folder, (open) => void open.exec("DELETE FROM payloads"))
    expect(both(database)).toEqual([10, 10])
  })

  test("agrees against checkpoints: the right one, of a longer log, of another log, and a changed one", () => {
    const folder = sampleLog(20)
    const older = copyLog(folder)
    const { writer, close } = openTestWriter(folder)
    writer.append([sampleEntry(0)])
    const checkpoint = writer.checkpoint()
    close()
    const database = join(folder, "audit.db")
    expect(both(database, checkpoint)).toEqual([0, 0])
    expect(both(join(older, "audit.db"), checkpoint)).toEqual([11, 11])
    expect(both(join(sampleLog(5), "audit.db"), checkpoint)).toEqual([12, 12])
    expect(both(database, checkpoint.replace("\n23\n", "\n22\n"))).toEqual([12, 12])
    expect(both(database, "no checkpoint")).toEqual([12, 12])
  })

  test.each(mutations)("agrees on $title", ({ change, verdict }) => {
    expect(both(tamper(sampleLog(20), change))).toEqual([verdicts[verdict], verdicts[verdict]])
  })

  test("agrees that another database, and no database, cannot be verified", () => {
    const path = join(temporaryDirectory(), "audit.db")
    expect(both(path)).toEqual([12, 12])
    const other = new Sqlite(path)
    other.exec("CREATE TABLE t (a)")
    other.close()
    expect(both(path)).toEqual([12, 12])
    writeFileSync(path, "a text".repeat(1_000))
    expect(both(path)).toEqual([12, 12])
  })

  test("makes the very vectors that are kept", () => {
    const code = `
import json, pathlib, runpy, sys
kept = pathlib.Path(sys.argv[1], "audit.json")
before = json.loads(kept.read_text())
pathlib.Path.write_text = lambda self, text: sys.stdout.write(str(json.loads(text) == before))
runpy.run_path(str(pathlib.Path(sys.argv[1], "record_audit.py")), run_name="__main__")
`
    const { stdout, stderr } = spawnSync("python3", ["-B", "-c", code, vectors], { encoding: "utf8" })
    expect([stdout, stderr]).toEqual(["True", ""])
  })
})
