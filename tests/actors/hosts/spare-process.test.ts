import { writeFileSync } from "node:fs"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { expect, it, onTestFinished } from "vitest"
import { SimulatedClock } from "xstate"
import { makeSpareProcess } from "../../../src/actors/hosts/spare-process.ts"
import { temporaryDirectory } from "../../support/cli.ts"
import { eventually, isRunning } from "../../support/processes.ts"

const REST_MS = 100

/** Says hello as soon as the file "prepared" is beside it; with "silent", it closes its pipe instead. */
const PROGRAM = `
import { closeSync, existsSync, writeSync } from "node:fs"
if (existsSync(new URL("./silent", import.meta.url))) closeSync(4)
const timer = setInterval(() => {
  if (!existsSync(new URL("./prepared", import.meta.url))) return
  writeSync(4, "hello")
  clearInterval(timer)
}, 5)
setInterval(() => {}, 60_000)
`

const rig = async () => {
  const folder = temporaryDirectory()
  const entry = join(folder, "waits.mjs")
  writeFileSync(entry, PROGRAM)
  const put = (file: "prepared" | "silent") => () => writeFileSync(join(folder, file), "")
  const clock = new SimulatedClock()
  const scope = Scope.makeUnsafe()
  const close = () => Effect.runPromise(Scope.close(scope, Exit.void))
  onTestFinished(close)
  const spare = await Effect.runPromise(
    Scope.provide(makeSpareProcess({ entry, clock, restMs: REST_MS }), scope),
  )
  const waits = () => eventually("it is prepared", () => spare.status()?.state === "waiting")
  return { spare, clock, close, prepare: put("prepared"), silence: put("silent"), waits }
}

it("makes no process before a host has asked for one, nor while hosts start", async () => {
  const { spare, clock } = await rig()
  clock.increment(10 * REST_MS)
  expect(spare.status()).toBeUndefined()
  for (let i = 0; i < 4; i++) {
    expect(spare.take()).toBeUndefined()
    clock.increment(REST_MS - 1)
  }
  expect(spare.status()).toBeUndefined()
  clock.increment(1)
  expect(spare.status()).toEqual({ pid: expect.any(Number), state: "starting", upSinceMs: clock.now() })
})

it("gives its process away once, what it said included, and makes the next one when hosts are at rest again", async () => {
  const { spare, clock, prepare, waits } = await rig()
  prepare()
  spare.take()
  clock.increment(REST_MS)
  await waits()
  const first = spare.take()
  onTestFinished(() => first?.kill({ type: "shutdown" }))
  expect(first !== undefined && isRunning(first.pid)).toBe(true)
  const said: string[] = []
  first?.fromHost.on("data", (chunk: Buffer) => said.push(chunk.toString()))
  await eventually("its hello is read", () => said.join("") === "hello")
  expect(spare.take()).toBeUndefined()
  clock.increment(REST_MS)
  expect(spare.status()?.pid).not.toBe(first?.pid)
  expect(spare.status()).toBeDefined()
})

it("keeps a process that is not prepared, and makes no other beside it", async () => {
  const { spare, clock, prepare, waits } = await rig()
  spare.take()
  clock.increment(REST_MS)
  const pid = spare.status()?.pid
  expect(spare.take()).toBeUndefined()
  clock.increment(REST_MS)
  expect(spare.status()).toMatchObject({ pid, state: "starting" })
  prepare()
  await waits()
  const taken = spare.take()
  onTestFinished(() => taken?.kill({ type: "shutdown" }))
  expect(taken?.pid).toBe(pid)
})

it("does not take the end of a process's pipe for its hello", async () => {
  const { spare, clock, silence } = await rig()
  silence()
  spare.take()
  clock.increment(REST_MS)
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(spare.status()?.state).toBe("starting")
  expect(spare.take()).toBeUndefined()
})

it("replaces a process that is never prepared once a host asks again", async () => {
  const { spare, clock } = await rig()
  spare.take()
  clock.increment(REST_MS)
  const pid = spare.status()?.pid ?? 0
  clock.increment(60_000)
  expect(spare.status()?.pid).toBe(pid)
  spare.take()
  clock.increment(REST_MS)
  expect(spare.status()?.pid).not.toBe(pid)
  await eventually("it is ended", () => !isRunning(pid))
})

it("does not give a process that has died, and makes no other until a host asks", async () => {
  const { spare, clock, prepare, waits } = await rig()
  prepare()
  spare.take()
  clock.increment(REST_MS)
  await waits()
  process.kill(spare.status()?.pid ?? 0, "SIGKILL")
  await eventually("it is missed", () => spare.status() === undefined)
  clock.increment(10 * REST_MS)
  expect(spare.status()).toBeUndefined()
  expect(spare.take()).toBeUndefined()
  clock.increment(REST_MS)
  expect(spare.status()).toBeDefined()
})

it("ends with its scope, and makes nothing afterwards", async () => {
  const { spare, clock, close } = await rig()
  spare.take()
  clock.increment(REST_MS)
  const pid = spare.status()?.pid ?? 0
  await close()
  expect(isRunning(pid)).toBe(false)
  expect(spare.take()).toBeUndefined()
  clock.increment(10 * REST_MS)
  expect(spare.status()).toBeUndefined()
})
