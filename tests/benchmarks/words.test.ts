import fc from "fast-check"
import { expect, test } from "vitest"
import { wordErrors, wordsForScoring } from "../../benchmarks/words.ts"

test("case and punctuation are no errors", () => {
  expect(wordsForScoring("What’s the time, please?")).toEqual(["what's", "the", "time", "please"])
})

test("a word left out, one too many and a wrong one each count once", () => {
  const reference = ["what", "time", "is", "it"]
  expect(wordErrors(reference, ["what", "is", "it"])).toBe(1)
  expect(wordErrors(reference, ["what", "time", "is", "it", "now"])).toBe(1)
  expect(wordErrors(reference, ["what", "dime", "is", "it"])).toBe(1)
  expect(wordErrors(reference, [])).toBe(4)
  expect(wordErrors([], ["you"])).toBe(1)
})

test("errors are zero for the same words only, and never more than the longer text has words", () => {
  const words = fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 8 })
  fc.assert(
    fc.property(words, words, (reference, heard) => {
      const errors = wordErrors(reference, heard)
      expect(errors === 0).toBe(reference.join() === heard.join())
      expect(errors).toBeLessThanOrEqual(Math.max(reference.length, heard.length))
      expect(errors).toBeGreaterThanOrEqual(Math.abs(reference.length - heard.length))
      expect(errors).toBe(wordErrors(heard, reference))
    }),
  )
})
