import fc from "fast-check"
import { expect, test } from "vitest"
import { suggest } from "../../src/config/suggest.ts"

test.each([
  ["treshold", "threshold"],
  ["THRESHOLD", "threshold"],
  ["thershold", "threshold"],
  ["modle", "model"],
  ["banana", undefined],
  ["", undefined],
])("%j is taken for %j", (word, meant) => {
  expect(suggest(word, ["model", "threshold", "frames"])).toBe(meant)
})

test("one slip in a word of four letters or more is always understood", () => {
  const word = fc.stringMatching(/^[a-z]{4,12}$/)
  fc.assert(
    fc.property(word, fc.nat(), (meant, at) => {
      const index = at % meant.length
      const slipped = meant.slice(0, index) + meant.slice(index + 1)
      expect(suggest(slipped, [meant])).toBe(meant)
    }),
  )
})
