import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { expect, it, onTestFinished } from "vitest"
import { makeTimers } from "../../../src/actors/actions/supervised-timers.ts"
import { Announcer } from "../../../src/actors/voice/announcer.ts"
import { simulatedClock } from "../../support/nursery.ts"

/** The timers over a real file, and an announcer over a conversation where everything that is said is heard. */
const setUp = () => {
  const folder = mkdtempSync(join(tmpdir(), "jett-timers-"))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, "jett", "timers.json")
  const clock = simulatedClock()
  const wall = { ms: Date.UTC(2026, 2, 2, 12) }
  const said: string[] = []
  const troubles: string[] = []
  let state = "listening"
  let turns = 0
  const announcer: Announcer = new Announcer({
    clock,
    newTurnId: () => `turn-${++turns}`,
    onNotice: (message) => troubles.push(message),
    conversation: () => ({
      state: () => ({ value: state, detail: "", atMs: 0 }),
      degraded: () => [],
      type: (id, { text }) => {
        said.push(text)
        queueMicrotask(() => announcer.ended({ id, outcome: "answered", transcript: "", heard: text }))
        return true
      },
    }),
  })
  const timers = makeTimers({
    path,
    wall: () => wall.ms + clock.now(),
    clock,
    announcements: announcer,
    onTrouble: (message) => troubles.push(message),
  })
  const call = async (name: string, args: Readonly<Record<string, unknown>> = {}) => {
    const tool = timers.tools.find(({ definition }) => definition.name === name)
    const prepared = tool?.prepare(args)
    if (tool === undefined || prepared?.type !== "operation") throw new Error("not prepared")
    return Effect.runPromise(tool.perform(prepared.operation, undefined))
  }
  const start = async () => {
    const scope = Scope.makeUnsafe()
    await Effect.runPromise(Scope.provide(timers.child.start(), scope))
    return () => Effect.runPromise(Scope.close(scope, Exit.void))
  }
  const onDisk = (): unknown => JSON.parse(readFileSync(path, "utf8"))
  return {
    path,
    clock,
    wall,
    said,
    troubles,
    announcer,
    call,
    start,
    onDisk,
    enter: (value: string) => {
      state = value
      announcer.entered({ value })
    },
  }
}

it("fails in a sentence before the first life and between two, and goes on in the next", async () => {
  const { call, start, clock } = setUp()
  expect(await call("set_timer", { seconds: 60 })).toMatchObject({ outcome: "failed" })
  const stop = await start()
  expect(await call("set_timer", { seconds: 60 })).toMatchObject({ outcome: "done" })
  await stop()
  expect(await call("list_timers")).toMatchObject({ outcome: "failed" })
  clock.increment(20_000)
  await start()
  expect(await call("list_timers")).toMatchObject({
    outcome: "done",
    observed: { timers: [{ seconds: 60, leftSeconds: 40 }] },
  })
})

it("rings what ended while it was off, with how late it is, and forgets it once it was heard", async () => {
  const { call, start, wall, said, onDisk } = setUp()
  const stop = await start()
  await call("set_timer", { seconds: 600 })
  await stop()
  wall.ms += 1_800_000
  const stopAgain = await start()
  await Promise.resolve()
  expect(said).toEqual(["Your ten minute timer ended twenty minutes ago."])
  await stopAgain()
  expect(onDisk()).toEqual({ version: 1, timers: [] })
})

it("says a ring once that waits while the timers are started again, and forgets it then", async () => {
  const { call, start, clock, said, enter, onDisk } = setUp()
  enter("speaking")
  const stop = await start()
  await call("set_timer", { seconds: 5, label: "egg" })
  clock.increment(5000)
  await stop()
  const stopAgain = await start()
  expect(onDisk()).toMatchObject({ timers: [{ label: "egg" }] })
  enter("listening")
  clock.increment(500)
  await Promise.resolve()
  clock.increment(1000)
  expect(said).toEqual(["Your egg timer is done."])
  await stopAgain()
  expect(onDisk()).toEqual({ version: 1, timers: [] })
})

it("goes on without its timers where the file makes no sense, and says so once", async () => {
  const { path, call, start, troubles } = setUp()
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, "{")
  const stop = await start()
  expect(await call("set_timer", { seconds: 60 })).toMatchObject({ outcome: "done" })
  await stop()
  await start()
  expect(troubles).toEqual([expect.stringContaining("is not JSON")])
})
