import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { cardinal, decade, numberWords, ordinal, year } from "../../../src/text/normalise/number-words.ts"

describe("number words", () => {
  it.each([
    [0, "zero"],
    [19, "nineteen"],
    [20, "twenty"],
    [110, "one hundred ten"],
    [1_000_001, "one million one"],
    [
      999_999_999_999_999,
      `${["trillion", "billion", "million", "thousand"].map((scale) => `nine hundred ninety nine ${scale}`).join(" ")} nine hundred ninety nine`,
    ],
  ])("%d is %s", (value, words) => {
    expect(cardinal(value)).toBe(words)
  })

  it("tell any two numbers apart", () => {
    const value = fc.integer({ min: 0, max: 999_999_999_999_999 })
    fc.assert(
      fc.property(value, value, (a, b) => {
        expect(cardinal(a) === cardinal(b)).toBe(a === b)
      }),
    )
  })

  it("have ordinals, years and decades", () => {
    expect([1, 2, 3, 5, 8, 9, 12, 20, 31, 100].map(ordinal).join(", ")).toBe(
      "first, second, third, fifth, eighth, ninth, twelfth, twentieth, thirty first, one hundredth",
    )
    expect([1066, 1900, 1905, 1999, 2000, 2008, 2024].map(year).join(", ")).toBe(
      "ten sixty six, nineteen hundred, nineteen oh five, nineteen ninety nine, two thousand, two thousand eight, twenty twenty four",
    )
    expect([80, 1990, 2000].map(decade)).toEqual(["eighties", "nineteen nineties", "two thousands"])
  })

  it("read leading zeros and very long numbers digit by digit", () => {
    expect(numberWords("042")).toBe("zero four two")
    expect(numberWords("1234567890123456")).toMatch(/^one two three four/)
  })
})
