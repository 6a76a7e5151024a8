import { spawn } from "node:child_process"
import { mkdirSync, readdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { expect, onTestFinished, test, vi } from "vitest"
import { AlreadyRunning, acquireInstanceLock, lockHolder } from "../../src/service/instance-lock.ts"
import { processStart } from "../../src/service/process-start.ts"
import { temporaryDirectory } from "../support/cli.ts"

/** A process that lives until the test ends. */
async function otherProcess(): Promise<number> {
  const child = spawn("sleep", ["60"], { stdio: "ignore" })
  onTestFinished(() => {
    child.kill("SIGKILL")
  })
  await new Promise((resolve) => child.once("spawn", resolve))
  return child.pid ?? 0
}

function writeClaim(folder: string, name: string, claim: string): void {
  mkdirSync(join(folder, "claims"), { recursive: true })
  writeFileSync(join(folder, "claims", name), claim)
}

const claims = (folder: string): readonly string[] => readdirSync(join(folder, "claims"))

test("the lock is had once, and again after its release", async () => {
  const folder = temporaryDirectory()
  const lock = await acquireInstanceLock(folder, "serve")
  await expect(acquireInstanceLock(folder, "say")).rejects.toBeInstanceOf(AlreadyRunning)
  expect(lockHolder(folder)).toMatchObject({ pid: process.pid, verb: "serve" })
  lock.release()
  lock.release()
  expect(lockHolder(folder)).toBeUndefined()
  const again = await acquireInstanceLock(folder, "say")
  again.release()
})

test("a living holder is named", async () => {
  const folder = temporaryDirectory()
  const pid = await otherProcess()
  writeClaim(folder, `${pid}-${processStart(pid)}`, '{"verb":"serve","held":true}')
  await expect(acquireInstanceLock(folder, "ask")).rejects.toThrow(
    `jett serve (process ${pid}) is already running`,
  )
  expect(claims(folder)).toHaveLength(1)
})

test("a claim whose process was killed is taken over at once", async () => {
  const folder = temporaryDirectory()
  const child = spawn("sleep", ["60"], { stdio: "ignore" })
  await new Promise((resolve) => child.once("spawn", resolve))
  writeClaim(folder, `${child.pid}-${processStart(child.pid ?? 0)}`, '{"verb":"serve","held":true}')
  child.kill("SIGKILL")
  await new Promise((resolve) => child.once("exit", resolve))
  const lock = await acquireInstanceLock(folder, "serve")
  expect(claims(folder)).toHaveLength(1)
  lock.release()
})

test("a pid that is used again by another process does not hold the lock", async () => {
  const folder = temporaryDirectory()
  const pid = await otherProcess()
  writeClaim(folder, `${pid}-00000000.1`, '{"verb":"serve","held":true}')
  const lock = await acquireInstanceLock(folder, "serve")
  lock.release()
})

test("files that are no claims do not matter", async () => {
  const folder = temporaryDirectory()
  for (const name of ["README", "x-y", "-", "12"]) writeClaim(folder, name, "")
  const lock = await acquireInstanceLock(folder, "serve")
  lock.release()
})

test("a bid of another process is waited for, and lost to only if it stays", async () => {
  const folder = temporaryDirectory()
  const pid = await otherProcess()
  const name = `${pid}-${processStart(pid)}`
  writeClaim(folder, name, "")
  await expect(acquireInstanceLock(folder, "serve", () => 0)).rejects.toThrow(/already running/)
  expect(claims(folder)).toEqual([name])
})

test("a process is told from an earlier one of the same pid, and a zombie is dead", async () => {
  expect(processStart(process.pid)).toBe(processStart(process.pid))
  expect(processStart(process.pid)).not.toBe(processStart(process.ppid))
  expect(processStart(2 ** 22 + 1)).toBeUndefined()
  // The shell becomes a sleep that does not reap the child it inherited.
  const parent = spawn("sh", ["-c", "true & echo $!; exec sleep 60"], { stdio: ["ignore", "pipe", "ignore"] })
  onTestFinished(() => {
    parent.kill("SIGKILL")
  })
  const zombie = await new Promise<number>((resolve) => {
    parent.stdout.once("data", (pid) => resolve(Number(String(pid))))
  })
  await vi.waitFor(() => expect(processStart(zombie)).toBeUndefined())
})
