import { expect, it } from "vitest"
import { joinSpeech } from "../../src/models/join-speech.ts"

it("puts the gap between pieces, not around them, and leaves out empty ones", () => {
  const pieces = [Int16Array.of(1, 2), new Int16Array(), Int16Array.of(3)]
  expect(joinSpeech(pieces, 1000, 3)).toEqual(Int16Array.of(1, 2, 0, 0, 0, 3))
})

it("is empty when there is nothing to join", () => {
  expect(joinSpeech([], 1000, 3)).toHaveLength(0)
  expect(joinSpeech([new Int16Array()], 1000, 3)).toHaveLength(0)
})
