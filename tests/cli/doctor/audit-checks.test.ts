import { chmodSync, existsSync, mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { auditChecks } from "../../../src/cli/doctor/audit-checks.ts"
import { runCheck } from "../../../src/cli/doctor/check.ts"
import { acquireInstanceLock } from "../../../src/service/instance-lock.ts"
import { runtimeFolder } from "../../../src/service/runtime-folder.ts"
import { openTestWriter, sampleEntry, tamper } from "../../support/audit-logs.ts"
import { temporaryDirectory } from "../../support/cli.ts"

const environment = () => {
  const home = temporaryDirectory()
  const env = { HOME: home, XDG_STATE_HOME: join(home, "state"), XDG_RUNTIME_DIR: home }
  return { env, folder: join(home, "state", "jett", "audit") }
}

const check = async (
  id: string,
  env: Readonly<Record<string, string>>,
  options: Parameters<typeof auditChecks>[1] = {},
) => {
  const found = auditChecks(env, options).find((each) => each.id === id)
  if (found === undefined) throw new Error(`no check ${id}`)
  return await runCheck(found)
}

const withRows = (folder: string, rows: number): void => {
  const { writer, close } = openTestWriter(folder)
  writer.append(Array.from({ length: rows }, (_, i) => sampleEntry(i)))
  writer.checkpoint()
  close()
}

test("before the first start there is no log, and looking makes none", async () => {
  const { env, folder } = environment()
  expect(await check("audit.folder", env)).toMatchObject({
    status: "ok",
    summary: `none yet: it is begun in ${folder} when the assistant is first started`,
  })
  expect(await check("audit.chain", env)).toMatchObject({ status: "ok", summary: "no log yet" })
  expect(existsSync(folder)).toBe(false)
})

test("what stands where the folder should be is told with the fix", async () => {
  const { env, folder } = environment()
  mkdirSync(join(folder, ".."), { recursive: true })
  writeFileSync(folder, "")
  expect(await check("audit.folder", env)).toMatchObject({
    status: "fail",
    summary: expect.stringContaining("every action is refused"),
    fix: "move it away, or give it back",
  })
})

test("a folder that cannot be written to fails, whether it is there or not", async () => {
  const { env, folder } = environment()
  const canWrite = () => false
  expect(await check("audit.folder", env, { canWrite })).toMatchObject({
    status: "fail",
    summary: expect.stringContaining(`${folder} cannot be made in `),
  })
  withRows(folder, 1)
  expect(await check("audit.folder", env, { canWrite })).toMatchObject({
    status: "fail",
    summary: `${folder} cannot be written to; without it every action is refused`,
  })
})

test("a folder that is open to others is told with the command that closes it", async () => {
  const { env, folder } = environment()
  withRows(folder, 1)
  chmodSync(folder, 0o755)
  expect(await check("audit.folder", env)).toMatchObject({ status: "warn", fix: `run chmod 700 ${folder}` })
})

test("the one writer is named; one that nobody knows of is a warning; asking takes the lock from nobody", async () => {
  const { env, folder } = environment()
  const { writer, close } = openTestWriter(folder)
  expect(await check("audit.folder", env)).toMatchObject({ status: "warn" })
  const held = await acquireInstanceLock(runtimeFolder(env), "serve")
  expect(await check("audit.folder", env)).toMatchObject({
    status: "ok",
    summary: `${folder}; jett serve (process ${process.pid}) writes to it`,
  })
  writer.append([sampleEntry(0)])
  close()
  held.release()
  expect(await check("audit.folder", env)).toMatchObject({
    status: "ok",
    summary: `${folder}; nobody writes to it now`,
  })
})

test("a log in order says how many rows there are and how far they are signed, beside its writer too", async () => {
  const { env, folder } = environment()
  withRows(folder, 3)
  const { close } = openTestWriter(folder)
  expect(await check("audit.chain", env)).toMatchObject({
    status: "ok",
    summary: expect.stringMatching(/^5 rows in order; signed up to row 4, of \d{4}-\d\d-\d\dT/),
  })
  close()
})

test("a changed row is a failure that names the command which says more", async () => {
  const { env, folder } = environment()
  withRows(folder, 3)
  tamper(folder, (database) => database.exec("UPDATE rows SET reason = 'x' WHERE seq = 2"))
  expect(await check("audit.chain", env)).toMatchObject({
    status: "fail",
    summary: expect.stringMatching(/^broken: /),
    fix: expect.stringContaining("jett audit verify"),
  })
})

test("a log that takes too long is left to the command", async () => {
  const { env, folder } = environment()
  withRows(folder, 4_200)
  expect(await check("audit.chain", env, { verifyingMs: -1 })).toMatchObject({
    status: "ok",
    summary: expect.stringMatching(/jett audit verify$/),
  })
})
