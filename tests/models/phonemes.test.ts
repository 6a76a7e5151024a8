import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { splitClauses } from "../../src/models/phonemes.ts"

const marked = (text: string) =>
  splitClauses(text).map((clause) => `${clause.text}${clause.mark}${clause.endsSentence ? "|" : ""}`)

describe("cutting text at its punctuation", () => {
  it.each([
    ["Hello there, how are you? Fine; thanks!", ["Hello there,", "how are you?|", "Fine;", "thanks!|"]],
    ["It is 10:30, and 3.5 of 1,000 are done.", ["It is 10:30,", "and 3.5 of 1,000 are done.|"]],
    ["no mark at the end", ["no mark at the end.|"]],
    ["He said (quietly) “go.” Then he left", ["He said quietly go.|", "Then he left.|"]],
    ["wait — what… oh—I see", ["wait—", "what…|", "oh—", "I see.|"]],
    ["Really?! Yes...", ["Really?|", "Yes.|"]],
    ["one line\nanother line", ["one line.|", "another line.|"]],
    ["[[h@'loU]] <b>bold</b> *star*", ["h@'loU b bold /b star.|"]],
    ["don't, well-known", ["don't,", "well-known.|"]],
  ])("%j", (text, clauses) => {
    expect(marked(text)).toEqual(clauses)
  })

  it.each(["", "   ", "...", "!?", "—", "\n\n", "🙂"])("finds nothing to say in %j", (text) => {
    expect(splitClauses(text)).toEqual([])
  })

  it("takes time in proportion to the text, whatever runs of marks a model writes", () => {
    const text = `Wait${".".repeat(200_000)}x`
    const startedAt = performance.now()
    expect(splitClauses(text)).toHaveLength(1)
    // Quadratic, it takes minutes.
    expect(performance.now() - startedAt).toBeLessThan(3000)
  })

  it("keeps every letter and digit, in order", () => {
    const letters = (text: string) => text.replace(/[^\p{L}\p{N}]/gu, "")
    const units = fc.constantFrom(
      "a",
      "Zoë",
      "7",
      "3.5",
      " ",
      "  ",
      ".",
      ",",
      "!",
      "…",
      "—",
      "\n",
      "'",
      '"',
      "(",
      "]",
    )
    fc.assert(
      fc.property(fc.array(units, { maxLength: 60 }), (parts) => {
        const text = parts.join("")
        expect(
          letters(
            splitClauses(text)
              .map((clause) => clause.text)
              .join(" "),
          ),
        ).toBe(letters(text))
      }),
    )
  })
})
