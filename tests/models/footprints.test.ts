import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { describe, expect, it, onTestFinished } from "vitest"
import { openFootprints } from "../../src/models/footprints.ts"

const setUp = () => {
  const folder = mkdtempSync(join(tmpdir(), "jett-footprints-"))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const troubles: string[] = []
  const path = join(folder, "state", "footprints.json")
  const open = (at = path) => Effect.runPromise(openFootprints(at, (message) => troubles.push(message)))
  return { folder, path, troubles, open }
}

describe("the measured footprints", () => {
  it("are there again in the next run", async () => {
    const { path, troubles, open } = setUp()
    const first = await open()
    expect(first.samplesMib).toEqual({})
    first.keep("llm", [5280])
    first.keep("tts", [360])
    first.keep("llm", [5280, 5290])
    await Effect.runPromise(first.flushed)
    expect((await open()).samplesMib).toEqual({ llm: [5280, 5290], tts: [360] })
    expect(readdirSync(join(path, ".."))).toEqual(["footprints.json"])
    expect(troubles).toEqual([])
  })

  it.each([
    ["cut off", '{"version":1,"samples', "is not JSON"],
    ["another version's", '{"version":2,"samplesMib":{}}', "version 1"],
    ["a list", "[]", "version 1"],
    ["of no number", '{"version":1,"samplesMib":{"llm":["5280"]}}', "version 1"],
    ["of an impossible number", '{"version":1,"samplesMib":{"llm":[-1]}}', "version 1"],
  ])("start anew, and say so, where the file is %s", async (_, text, said) => {
    const { folder, troubles, open } = setUp()
    const path = join(folder, "footprints.json")
    writeFileSync(path, text)
    const opened = await open(path)
    expect(opened.samplesMib).toEqual({})
    expect(troubles).toEqual([expect.stringContaining(said)])
    opened.keep("llm", [5000])
    await Effect.runPromise(opened.flushed)
    expect(JSON.parse(readFileSync(path, "utf8"))).toEqual({ version: 1, samplesMib: { llm: [5000] } })
  })

  it("are not kept, and it is said, where the folder cannot be written", async () => {
    const { folder, troubles, open } = setUp()
    writeFileSync(join(folder, "file"), "")
    const opened = await open(join(folder, "file", "footprints.json"))
    opened.keep("llm", [5000])
    await Effect.runPromise(opened.flushed)
    expect(troubles.at(-1)).toContain("could not be kept")
  })
})
