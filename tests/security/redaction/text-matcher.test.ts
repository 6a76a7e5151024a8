import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { TextMatcher } from "../../../src/security/redaction/text-matcher.ts"

const found = (patterns: readonly string[], text: string) => new TextMatcher(patterns).find(text, () => true)

describe("TextMatcher", () => {
  it("finds patterns in any letter case and over white space, and says where", () => {
    expect(found(["secret"], "My SEC\n  ret")).toEqual([{ start: 3, end: 12, pattern: 0 }])
  })

  it("finds nothing without patterns, and in nothing", () => {
    expect(found([], "text")).toEqual([])
    expect(found(["a"], "")).toEqual([])
    expect(found([""], "text")).toEqual([])
  })

  it("gives the next shorter one where the longest is not accepted", () => {
    const matcher = new TextMatcher(["abcd", "cd", "bcd"])
    expect(matcher.find("abcd", ({ pattern }) => pattern !== 0)).toEqual([{ start: 1, end: 4, pattern: 2 }])
    expect(matcher.find("abcd", ({ pattern }) => pattern === 1)).toEqual([{ start: 2, end: 4, pattern: 1 }])
    expect(matcher.find("abcd", () => false)).toEqual([])
  })

  it("finds what looking for each pattern at each place finds", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "b", "B", "c", " "), maxLength: 30 })
    const pattern = fc.string({ unit: fc.constantFrom("a", "b", "c"), minLength: 1, maxLength: 5 })
    fc.assert(
      fc.property(fc.uniqueArray(pattern, { maxLength: 6 }), text, (patterns, input) => {
        const squeezed = input.toLowerCase().replaceAll(" ", "")
        const places = Array.from(input.matchAll(/\S/g), ({ index }) => index)
        const expected: { start: number | undefined; end: number; pattern: number }[] = []
        for (let end = 1; end <= squeezed.length; end += 1) {
          const ending = patterns.filter((one) => squeezed.slice(0, end).endsWith(one))
          const longest = ending.sort((one, other) => other.length - one.length)[0]
          if (longest === undefined) continue
          const start = places[end - longest.length]
          expected.push({ start, end: (places[end - 1] ?? 0) + 1, pattern: patterns.indexOf(longest) })
        }
        expect(found(patterns, input)).toEqual(expected)
      }),
      { numRuns: 1_000 },
    )
  })
})
