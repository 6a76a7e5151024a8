import { existsSync, rmSync, truncateSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { runProgram } from "../../src/cli/program.ts"
import { openTestWriter, sampleEntry, sampleLog, tamper } from "../support/audit-logs.ts"
import { temporaryDirectory, testContext } from "../support/cli.ts"

async function jett(...argv: readonly string[]) {
  const { context, written } = testContext("")
  const { io, signal } = context
  const exitCode = await runProgram({ argv, env: { HOME: temporaryDirectory() }, io, signal })
  return { exitCode, ...written }
}

const audit = (folder: string, verb: string, ...argv: readonly string[]) =>
  jett("audit", verb, ...argv, "--folder", folder)

test.each(["tail", "export", "show"])(
  "audit %s without a log says when it is begun, and makes none",
  async (verb) => {
    const folder = join(temporaryDirectory(), "audit")
    const { exitCode, out, err } = await audit(folder, verb, ...(verb === "show" ? ["1"] : []))
    expect({ exitCode, out }).toEqual({ exitCode: 1, out: "" })
    expect(err).toBe(
      `error: there is no audit log in ${folder}: it is begun when the assistant is first started\n`,
    )
    expect(existsSync(folder)).toBe(false)
  },
)

test("the log is looked for in the state folder", async () => {
  const home = temporaryDirectory()
  const { context, written } = testContext("")
  const { io, signal } = context
  openTestWriter(join(home, "jett", "audit")).close()
  const env = { HOME: "/nowhere", XDG_STATE_HOME: home }
  expect(await runProgram({ argv: ["audit", "tail"], env, io, signal })).toBe(0)
  expect(written.out).toContain("opened")
})

test("audit tail prints the last rows beside a writer", async () => {
  const folder = sampleLog(5)
  const { writer, close } = openTestWriter(folder)
  writer.append([sampleEntry(0)])
  const { exitCode, out } = await audit(folder, "tail", "-n", "2")
  close()
  expect(exitCode).toBe(0)
  const lines = out.trimEnd().split("\n")
  expect(lines).toHaveLength(3)
  expect(lines[2]).toMatch(
    /^8 +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d +intent +restart_container +n8n +model +allow +within the table$/,
  )
})

test("audit tail --json gives the rows with their texts", async () => {
  const { out } = await audit(sampleLog(5), "tail", "--rows", "1", "--json")
  expect(JSON.parse(out)).toEqual({
    rows: [
      expect.objectContaining({
        seq: 6,
        at: expect.stringMatching(/Z$/),
        kind: "intent",
        callId: "call-2",
        tainted: false,
        payload: { row: 4 },
        hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      }),
    ],
  })
})

test("audit show prints one row, and says where its text was erased", async () => {
  const folder = sampleLog(5)
  expect((await audit(folder, "show", "6")).out).toMatch(
    /callId +call-2\n[\s\S]*payload +\{\n {2}"row": 4\n\}/,
  )
  const { writer, close } = openTestWriter(folder)
  writer.erase(Date.now())
  close()
  expect((await audit(folder, "show", "6")).out).toMatch(/payload +erased\n/)
  expect(JSON.parse((await audit(folder, "show", "6", "--json")).out)).toMatchObject({
    payload: null,
    erased: true,
  })
  expect(await audit(folder, "show", "99")).toMatchObject({
    exitCode: 1,
    err: expect.stringContaining("no row 99"),
  })
  expect(await audit(folder, "show", "x")).toMatchObject({ exitCode: 2 })
})

test("audit export prints every row, one a line or as one document", async () => {
  const folder = sampleLog(5)
  const lines = (await audit(folder, "export")).out.trimEnd().split("\n")
  expect(lines.map((line) => JSON.parse(line).seq)).toEqual([1, 2, 3, 4, 5, 6])
  for (const argv of [["--json"], ["--format", "json"]]) {
    const document: unknown = JSON.parse((await audit(folder, "export", ...argv)).out)
    expect(document).toEqual(lines.map((line) => JSON.parse(line)))
  }
  expect(await audit(folder, "export", "--format", "csv")).toMatchObject({ exitCode: 2 })
})

test("what audit export gives to be kept elsewhere is what audit verify takes", async () => {
  const folder = sampleLog(5)
  const file = join(temporaryDirectory(), "checkpoint")
  writeFileSync(file, (await audit(folder, "export", "--checkpoint")).out)
  const key = (await audit(folder, "export", "--key")).out.trim()
  const verified = await audit(folder, "verify", "--checkpoint", file, "--key", key, "--json")
  expect(JSON.parse(verified.out)).toMatchObject({ verdict: "valid", exitCode: 0, rows: 6, key })
  const { exitCode, out } = await audit(folder, "verify", "--checkpoint", file)
  expect(exitCode).toBe(0)
  expect(out).toMatch(/^valid: .*goes on from the checkpoint at row 6/)
})

test("audit verify exits with 10, 11 and 12, and names the first bad row", async () => {
  const folder = sampleLog(20)
  const file = join(temporaryDirectory(), "checkpoint")
  writeFileSync(file, (await audit(folder, "export", "--checkpoint")).out)
  const broken = sampleLog(20)
  tamper(broken, (database) => void database.exec("UPDATE rows SET decision = 'deny' WHERE seq = 9"))
  const found = await audit(broken, "verify")
  expect(found.exitCode).toBe(10)
  expect(found.out).toMatch(/^broken: Row 9 is not as it was written[\s\S]*first bad row +9\n/)
  tamper(folder, (database) =>
    database.exec(
      "DELETE FROM checkpoints WHERE size > 8; DELETE FROM payloads WHERE seq > 8; DELETE FROM rows WHERE seq > 8",
    ),
  )
  expect((await audit(folder, "verify")).exitCode).toBe(0)
  expect(await audit(folder, "verify", "--checkpoint", file)).toMatchObject({
    exitCode: 11,
    out: expect.stringContaining("The log ends at row 8; the checkpoint given was made at row 21."),
  })
  truncateSync(join(folder, "audit.db"), 100)
  expect((await audit(folder, "verify")).exitCode).toBe(12)
  rmSync(join(folder, "audit.db"))
  expect((await audit(folder, "verify")).exitCode).toBe(12)
  expect((await audit(broken, "verify", "--checkpoint", join(folder, "none"))).exitCode).toBe(12)
  expect((await audit(broken, "verify", "--key", "x")).exitCode).toBe(2)
})

test("what drives a terminal is shown harmless", async () => {
  const folder = sampleLog(0)
  tamper(
    folder,
    (database) => void database.exec("UPDATE rows SET reason = 'a' || char(27) || '[2J' WHERE seq = 1"),
  )
  for (const argv of [["tail"], ["show", "1"]]) {
    const [verb = "", ...rest] = argv
    const { out } = await audit(folder, verb, ...rest)
    expect(out).toContain("a\uFFFD[2J")
  }
})
