import { expect, it } from "vitest"
import { LoadTimes } from "../../../src/actors/residency/load-times.ts"
import type { ModelState } from "../../../src/ports/models.ts"

const noted = (...reports: readonly (readonly [model: string, state: ModelState, atMs: number])[]) => {
  const times = new LoadTimes()
  for (const [model, state, atMs] of reports) times.note({ model, state, atMs, failure: undefined })
  return times
}

it("counts the time in which any model was being loaded once, and only within the window", () => {
  const times = noted(
    ["stt", "admitting", 100],
    ["tts", "admitting", 150],
    ["stt", "loading", 160],
    ["stt", "ready", 200],
    ["tts", "loading", 210],
    ["tts", "ready", 300],
    ["llm", "admitting", 500],
    ["llm", "failed", 520],
  )
  expect(times.between(0, 1000)).toBe(220)
  expect(times.between(180, 250)).toBe(70)
  expect(times.between(300, 500)).toBe(0)
})

it("counts a load that goes on up to the end of the window", () => {
  expect(noted(["llm", "loading", 100]).between(50, 400)).toBe(300)
})
