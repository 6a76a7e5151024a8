import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import * as Effect from "effect/Effect"
import { describe, expect, it, onTestFinished } from "vitest"
import type { Timer } from "../../../src/tools/timers/timer.ts"
import { openTimerFile } from "../../../src/tools/timers/timer-file.ts"

const pasta: Timer = { id: "1", label: "pasta", seconds: 480, setAtMs: 1000, endsAtMs: 481_000 }
const plain: Timer = { id: "2", seconds: 60, setAtMs: 2000, endsAtMs: 62_000 }

const setUp = () => {
  const folder = mkdtempSync(join(tmpdir(), "jett-timers-"))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, "state", "timers.json")
  const troubles: string[] = []
  const open = (at = path) => Effect.runPromise(openTimerFile(at, (message) => troubles.push(message)))
  const write = (text: string): void => {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }
  return { folder, path, troubles, open, write }
}

describe("the timers on disk", () => {
  it("are there again in the next run, for the user alone, and nothing else is left beside them", async () => {
    const { path, troubles, open } = setUp()
    const file = await open()
    expect(file.timers).toEqual([])
    expect(await Effect.runPromise(file.save([pasta, plain]))).toBe(true)
    expect((await open()).timers).toEqual([pasta, plain])
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(statSync(dirname(path)).mode & 0o777).toBe(0o700)
    expect(readdirSync(dirname(path))).toEqual(["timers.json"])
    expect(troubles).toEqual([])
  })

  it("are the last ones that were saved, however many were at once", async () => {
    const { path, open } = setUp()
    const file = await open()
    for (let i = 0; i < 20; i++) Effect.runFork(file.save(i % 2 === 0 ? [pasta] : [plain]))
    Effect.runFork(file.save([pasta, plain]))
    await Effect.runPromise(file.flushed)
    expect(JSON.parse(readFileSync(path, "utf8"))).toEqual({ version: 1, timers: [pasta, plain] })
  })

  const one = (more: object) => JSON.stringify({ version: 1, timers: [{ ...plain, ...more }] })

  it.each([
    ["cut off", '{"version":1,"timers":[{"label":"secret', "is not JSON"],
    ["empty", "", "is not JSON"],
    ["a list", "[]", "version 1"],
    ["null", "null", "version 1"],
    ["of a later version", '{"version":2,"timers":[]}', "version 1"],
    ["without a list", '{"version":1,"timers":{}}', "version 1"],
    ["of more than there can be", JSON.stringify({ version: 1, timers: Array(21).fill(plain) }), "version 1"],
    ["of one id twice", JSON.stringify({ version: 1, timers: [plain, plain] }), "version 1"],
    ["of a timer that is none", '{"version":1,"timers":[null]}', "version 1"],
    ["without an id", one({ id: "" }), "version 1"],
    ["of a wrong length", one({ seconds: 0 }), "version 1"],
    ["of a length too long", one({ seconds: 86_401 }), "version 1"],
    ["of a time that is none", one({ endsAtMs: "soon" }), "version 1"],
    ["of a time beyond all dates", one({ endsAtMs: 1e300 }), "version 1"],
    ["of a name that cannot be", one({ label: "a\u202eb" }), "version 1"],
  ])(
    "are kept aside where the file is %s, which is said once and without its text",
    async (_, text, said) => {
      const { path, troubles, open, write } = setUp()
      write(text)
      const file = await open()
      expect(file.timers).toEqual([])
      expect(troubles).toEqual([expect.stringContaining(said)])
      expect(troubles[0]).not.toContain("secret")
      const [aside = "", ...others] = readdirSync(dirname(path))
      expect(others).toEqual([])
      expect(aside).toMatch(/^timers\.json\.unreadable-/)
      expect(troubles[0]).toContain(aside)
      expect(readFileSync(join(dirname(path), aside), "utf8")).toBe(text)
      await Effect.runPromise(file.save([plain]))
      expect((await open()).timers).toEqual([plain])
      expect(troubles).toHaveLength(1)
    },
  )

  it("are kept aside where a folder stands in their place", async () => {
    const { path, troubles, open } = setUp()
    mkdirSync(path, { recursive: true })
    const file = await open()
    expect(troubles).toEqual([expect.stringContaining("EISDIR")])
    expect(await Effect.runPromise(file.save([plain]))).toBe(true)
  })

  it("are not kept, and it is said, where the folder cannot be made", async () => {
    const { folder, troubles, open } = setUp()
    writeFileSync(join(folder, "file"), "")
    const file = await open(join(folder, "file", "timers.json"))
    expect(await Effect.runPromise(file.save([plain]))).toBe(false)
    expect(troubles.at(-1)).toContain("could not be kept")
    await Effect.runPromise(file.flushed)
  })
})
