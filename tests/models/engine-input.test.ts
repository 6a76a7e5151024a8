import { expect, it } from "vitest"
import { checkedSamples, checkedSpeed, checkedText } from "../../src/models/engine-input.ts"

it("takes what its type says", () => {
  const samples = Int16Array.of(1)
  expect(checkedSamples(samples)).toBe(samples)
  expect(checkedText("")).toBe("")
  expect([undefined, 0.5, 1, 2].map(checkedSpeed)).toEqual([1, 0.5, 1, 2])
})

it.each([
  [
    "samples of another kind",
    () => checkedSamples(new Float32Array(2)),
    '"samples" must be an Int16Array, found Float32Array',
  ],
  ["no samples", () => checkedSamples(undefined), '"samples" must be an Int16Array, found Undefined'],
  [
    "an object without a prototype",
    () => checkedSamples(Object.create(null)),
    '"samples" must be an Int16Array, found Object',
  ],
  ["text that is a number", () => checkedText(7), '"text" must be a string, found Number'],
  ["a crawl", () => checkedSpeed(0.1), '"speed" must be a number from 0.5 to 2, found 0.1'],
  [
    "a speed that is no number",
    () => checkedSpeed(Number.NaN),
    '"speed" must be a number from 0.5 to 2, found NaN',
  ],
  ["a speed in words", () => checkedSpeed("fast"), '"speed" must be a number from 0.5 to 2, found fast'],
])("refuses %s", (_, check, message) => {
  expect(check).toThrow(expect.objectContaining({ code: "bad-input", message }))
})
