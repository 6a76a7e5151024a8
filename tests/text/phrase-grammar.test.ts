import { describe, expect, it } from "vitest"
import { PhraseGrammar } from "../../src/text/phrase-grammar.ts"

const anyName = { name: (words: readonly string[]) => words.map((_, i) => i + 1) }

function grammar(...patterns: string[]) {
  const phrases = new PhraseGrammar([{ intent: "yes", patterns }])
  return (utterance: string) => phrases.match(utterance.split(" "), anyName)?.slots
}

describe("a pattern", () => {
  it("matches its words and nothing less or more", () => {
    const match = grammar("turn it up")
    expect(match("turn it up")).toEqual({})
    for (const other of ["turn it", "turn it up now", "it up", ""])
      expect(match(other), other).toBeUndefined()
  })

  it("has options and alternatives, nested at will", () => {
    const match = grammar("[a (bit | little)] (louder | up)")
    for (const text of ["louder", "a bit up", "a little louder"]) expect(match(text), text).toEqual({})
    for (const text of ["a louder", "bit up", "a bit"]) expect(match(text), text).toBeUndefined()
  })

  it("fills a slot with as many words as it takes to match the rest", () => {
    const match = grammar("restart the <name> container")
    expect(match("restart the big blue container")).toEqual({ name: "big blue" })
    expect(match("restart the container")).toBeUndefined()
  })

  it.each([
    ["(a | b", 'expected ")"'],
    ["a ] b", "expected a word"],
    ["a * b", "expected a lower-case word"],
    ["Upper", "expected a lower-case word"],
  ])("%s is refused with the place", (pattern, message) => {
    expect(() => new PhraseGrammar([{ intent: "no", patterns: [pattern] }])).toThrow(message)
  })
})

it("names the intents whose phrases go on after the given words", () => {
  const phrases = new PhraseGrammar([
    { intent: "stop", patterns: ["stop [now]"] },
    { intent: "halt", patterns: ["stop <name>"] },
    { intent: "other", patterns: ["start", "stop"] },
  ])
  expect([...phrases.continuations(["stop"], anyName)].sort()).toEqual(["halt", "stop"])
})
