import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { heardText } from "../../src/text/heard-text.ts"

const clauses = [
  { text: "The server is up,", durationMs: 1000 },
  { text: "and everything works.", durationMs: 2000 },
]

describe("what was heard", () => {
  it.each([
    [0, ""],
    [-5, ""],
    [500, "The"],
    [999, "The server is"],
    [1000, "The server is up,"],
    [2000, "The server is up, and"],
    [2999, "The server is up, and everything"],
    [3000, "The server is up, and everything works."],
    [9000, "The server is up, and everything works."],
  ])("after %d ms is %j", (playedMs, heard) => {
    expect(heardText(clauses, playedMs)).toBe(heard)
  })

  it("is all of it after all of its time, however the durations round", () => {
    for (let samples = 20_000; samples < 20_500; samples++) {
      const played = [
        { text: "The server is up,", durationMs: (samples * 1000) / 22_050 },
        { text: "and everything works.", durationMs: ((3 * samples + 1) / 22_050) * 1000 },
      ]
      const sumMs = played.reduce((sum, { durationMs }) => sum + durationMs, 0)
      expect(heardText(played, sumMs), `${samples} samples`).toBe("The server is up, and everything works.")
    }
  })

  it("is nothing of nothing", () => {
    expect(heardText([], 100)).toBe("")
  })
})

describe("for any clauses", () => {
  const clause = fc.record({
    text: fc
      .array(fc.string({ minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 6 })
      .map((words) => words.join(" ").trim())
      .filter((text) => text !== ""),
    durationMs: fc.integer({ min: 0, max: 3000 }),
  })
  const anyClauses = fc.array(clause, { maxLength: 6 })
  const anyMs = fc.integer({ min: -10, max: 20_000 })

  it("is a prefix of all the text, never ending inside a word", () => {
    fc.assert(
      fc.property(anyClauses, anyMs, (spoken, playedMs) => {
        const all = spoken.map(({ text }) => text).join(" ")
        const heard = heardText(spoken, playedMs)
        expect(all.startsWith(heard)).toBe(true)
        expect(heard === "" || all.charAt(heard.length).trim() === "").toBe(true)
      }),
    )
  })

  it("never shrinks as more is played", () => {
    fc.assert(
      fc.property(anyClauses, anyMs, anyMs, (spoken, a, b) => {
        const [less, more] = [Math.min(a, b), Math.max(a, b)]
        expect(heardText(spoken, more).startsWith(heardText(spoken, less))).toBe(true)
      }),
    )
  })
})
