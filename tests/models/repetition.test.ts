import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { repeatedTail } from "../../src/models/repetition.ts"

const times = (phrase: readonly number[], count: number) => Array.from({ length: count }, () => phrase).flat()

describe("a decoder that has begun to loop", () => {
  it("is noticed at the eighth repeat of one token, with all but one copy to drop", () => {
    expect(repeatedTail(times([7], 7))).toBeUndefined()
    expect(repeatedTail([1, 2, ...times([7], 8)])).toBe(7)
  })

  it("is noticed at the third repeat of a long phrase", () => {
    const phrase = [1, 2, 3, 4, 5, 6]
    expect(repeatedTail([9, ...times(phrase, 2), 1, 2, 3, 4, 5])).toBeUndefined()
    expect(repeatedTail([9, ...times(phrase, 3)])).toBe(12)
  })

  it("is not seen in text without repeats", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(), { maxLength: 60 }), (ids) => {
        expect(repeatedTail(ids)).toBeUndefined()
      }),
    )
  })

  it("is always found, and one copy of the phrase stays", () => {
    const phrases = fc.uniqueArray(fc.nat({ max: 99 }), { minLength: 1, maxLength: 12 })
    fc.assert(
      fc.property(phrases, fc.array(fc.integer({ min: 100, max: 999 })), (phrase, before) => {
        const ids = [...before, ...times(phrase, 8)]
        let dropped: number | undefined
        let end = before.length
        while (dropped === undefined && end < ids.length) dropped = repeatedTail(ids.slice(0, ++end))
        expect(ids.slice(before.length, end - (dropped ?? 0))).toEqual(phrase)
      }),
    )
  })
})
