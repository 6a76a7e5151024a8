import { fileURLToPath } from "node:url"
import { expect, it } from "vitest"
import { importEngineModule } from "../../src/models/engines.ts"

const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url))

it("imports a stand-in engine by absolute path only", async () => {
  expect(await importEngineModule(fixture("nasty-engine.mjs"))).toHaveProperty("load")
  await expect(importEngineModule("./nasty-engine.mjs")).rejects.toThrow("absolute path")
  await expect(importEngineModule("data:text/javascript,export const engine = {}")).rejects.toThrow(
    "absolute path",
  )
})

it("refuses a module that exports no engine", async () => {
  await expect(importEngineModule(fixture("no-engine.mjs"))).rejects.toThrow('exports no "engine"')
})
