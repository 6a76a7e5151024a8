import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { heardText, type PlayedClause } from "../../src/text/heard-text.ts"

const clauses = [
  { text: "The server is up,", durationMs: 1000 },
  { text: "and everything works.", durationMs: 2000 },
]

type Clause = Pick<PlayedClause, "text" | "durationMs">

/** One after the other, and silence after so long in all. */
const playedFor = (spoken: readonly Clause[], playedMs: number): PlayedClause[] => {
  let leftMs = playedMs
  return spoken.map((one) => {
    const clause = { ...one, playedMs: Math.min(one.durationMs, Math.max(0, leftMs)) }
    leftMs -= one.durationMs
    return clause
  })
}

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
    expect(heardText(playedFor(clauses, playedMs))).toBe(heard)
  })

  it("is all of it after all of its time, however the durations round", () => {
    for (let samples = 20_000; samples < 20_500; samples++) {
      const played = [
        { text: "The server is up,", durationMs: (samples * 1000) / 22_050 },
        { text: "and everything works.", durationMs: ((3 * samples + 1) / 22_050) * 1000 },
      ]
      const sumMs = played.reduce((sum, { durationMs }) => sum + durationMs, 0)
      expect(heardText(playedFor(played, sumMs)), `${samples} samples`).toBe(
        "The server is up, and everything works.",
      )
    }
  })

  it("is nothing of nothing", () => {
    expect(heardText([])).toBe("")
  })

  it("is nothing of a clause that has no sound", () => {
    expect(heardText([{ text: "Hush.", durationMs: 0, playedMs: 0 }])).toBe("")
  })

  it("goes on after a clause that was cut short, and leaves out one that was not begun", () => {
    const cut = { text: "Do you want me to restart it?", durationMs: 1000, playedMs: 300 }
    const skipped = { text: "Then say amber.", durationMs: 1000, playedMs: 0 }
    const whole = { text: "Okay, I won't.", durationMs: 1000, playedMs: 1000 }
    expect(heardText([cut, skipped, whole])).toBe("Do you Okay, I won't.")
  })
})

describe("for any clauses", () => {
  const clause = fc.record({
    text: fc
      .array(fc.string({ minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 6 })
      .map((words) => words.join(" ").trim())
      .filter((text) => text !== ""),
    durationMs: fc.integer({ min: 1, max: 3000 }),
  })
  const anyClauses = fc.array(clause, { maxLength: 6 })
  const anyMs = fc.integer({ min: -10, max: 20_000 })

  it("is a prefix of all the text, never ending inside a word", () => {
    fc.assert(
      fc.property(anyClauses, anyMs, (spoken, playedMs) => {
        const all = spoken.map(({ text }) => text).join(" ")
        const heard = heardText(playedFor(spoken, playedMs))
        expect(all.startsWith(heard)).toBe(true)
        expect(heard === "" || all.charAt(heard.length).trim() === "").toBe(true)
      }),
    )
  })

  it("never shrinks as more is played", () => {
    fc.assert(
      fc.property(anyClauses, anyMs, anyMs, (spoken, a, b) => {
        const [less, more] = [Math.min(a, b), Math.max(a, b)]
        expect(heardText(playedFor(spoken, more)).startsWith(heardText(playedFor(spoken, less)))).toBe(true)
      }),
    )
  })
})
