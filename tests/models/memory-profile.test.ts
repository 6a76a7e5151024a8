import { expect, test } from "vitest"
import { loadConfig } from "../../src/config/load-config.ts"
import {
  ledgerSettings,
  llmPlacement,
  memoryOf,
  PROTOTYPE_LLM_MIB,
  profileOf,
} from "../../src/models/memory-profile.ts"

const configured = (...overrides: readonly (readonly [string, string])[]) =>
  loadConfig({ env: {}, overrides: new Map(overrides), mayBeMissing: true }).config

const stt = { modelId: "stt-moonshine-tiny-en", modelClass: "stt" } as const
const tts = { modelId: "tts-kokoro-82m-int8", modelClass: "tts" } as const

test("auto is lean where there is a GPU and cpu where there is none; any other profile is what it says", () => {
  expect([profileOf(configured(), true), profileOf(configured(), false)]).toEqual(["lean", "cpu"])
  expect(profileOf(configured(["memory.profile", "prototype"]), false)).toBe("prototype")
})

test("the prototype's set is 6720 MiB of the budget of 7020", () => {
  const { totalMib = 0, reserveMib = 0, headroomMib = 0 } = ledgerSettings(configured())
  const speech = [stt, tts].map((model) => memoryOf("prototype", model).variants[0]?.declaredMib ?? 0)
  expect(totalMib - reserveMib - headroomMib).toBe(7020)
  expect(speech.reduce((sum, mib) => sum + mib, PROTOTYPE_LLM_MIB)).toBe(6720)
})

test("speech falls back to the processor, and is there from the start in the other profiles", () => {
  const placements = (profile: "prototype" | "lean" | "cpu") =>
    memoryOf(profile, tts).variants.map(({ placement }) => placement)
  expect([placements("prototype"), placements("lean"), placements("cpu")]).toEqual([
    ["gpu", "cpu"],
    ["cpu"],
    ["cpu"],
  ])
  expect([llmPlacement("lean"), llmPlacement("cpu")]).toEqual(["gpu", "cpu"])
})

test("the listener is pinned, each variant is measured under a name of its own, and an unknown model has a size", () => {
  expect(memoryOf("prototype", { modelId: "listener", modelClass: "wake" })).toMatchObject({
    pinned: true,
    variants: [{ placement: "cpu", footprintKey: "listener@cpu" }],
  })
  const keys = memoryOf("prototype", stt).variants.map(({ footprintKey }) => footprintKey)
  expect(new Set(keys).size).toBe(2)
  expect(memoryOf("cpu", { modelId: "mine", modelClass: "llm" }).variants[0]?.declaredMib).toBeGreaterThan(0)
})
