import { expect, it } from "vitest"
import { PartHealth } from "../../../src/actors/models/part-health.ts"
import { loadConfig } from "../../../src/config/load-config.ts"
import type { HealthEvent } from "../../../src/machines/conversation/conversation-types.ts"
import type { ModelState } from "../../../src/ports/models.ts"

const { config } = loadConfig({ env: {}, overrides: new Map(), mayBeMissing: true })

it("knows which part each model is", () => {
  const parts = new PartHealth(config, () => undefined)
  const models = [
    "listener",
    config.stt.model,
    config.llm.embeddedModel,
    "tts-piper-joe-medium",
    "file-listener",
  ]
  expect(models.map((model) => parts.partOf(model))).toEqual(["mic", "stt", "llm", "tts", undefined])
})

it("tells of what fails and of what is ready, and remembers what is away", () => {
  const told: HealthEvent[] = []
  const parts = new PartHealth(config, (event) => told.push(event))
  const report = (state: ModelState) => ({ model: "tts", state, failure: undefined, atMs: 0 })
  parts.note("tts", report("loading"))
  parts.note("tts", report("failed"))
  expect([...parts.down]).toEqual(["tts"])
  parts.note("tts", report("ready"))
  expect([...parts.down]).toEqual([])
  expect(told).toEqual([
    { type: "part.down", part: "tts" },
    { type: "part.up", part: "tts" },
  ])
})
