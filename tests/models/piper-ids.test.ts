import { describe, expect, it } from "vitest"
import { piperSentences } from "../../src/models/piper-ids.ts"

const ids = new Map(
  [..."_^$ .,!?abcs\u0327"].map((symbol, index): [string, readonly number[]] => [symbol, [index]]),
)
const [pad, begin, end, space, stop, comma] = [0, 1, 2, 3, 4, 5]
const [a, b, c, cedilla] = [8, 9, 10, 12]

const clause = (phonemes: string, mark: string, endsSentence = mark !== ",") => ({
  phonemes,
  mark,
  endsSentence,
})

describe("Piper's input", () => {
  it("puts a pad after every symbol but the last", () => {
    expect(piperSentences([clause("ab", ".")], ids)).toEqual({
      sentences: [[begin, pad, a, pad, b, pad, stop, pad, end]],
      unknown: 0,
    })
  })

  it("keeps the clauses of a sentence together and gives each sentence its own run", () => {
    const { sentences } = piperSentences([clause("a", ","), clause("b", "."), clause("c", ".")], ids)
    expect(sentences).toEqual([
      [begin, pad, a, pad, comma, pad, space, pad, b, pad, stop, pad, end],
      [begin, pad, c, pad, stop, pad, end],
    ])
  })

  it("leaves unknown phonemes out and counts them", () => {
    expect(piperSentences([clause("aʘ☃b", ".")], ids)).toEqual({
      sentences: [[begin, pad, a, pad, b, pad, stop, pad, end]],
      unknown: 2,
    })
  })

  it("takes the nearest mark for those that the voice never heard", () => {
    const { sentences, unknown } = piperSentences([clause("a", "—", false), clause("b", "…")], ids)
    expect(sentences[0]).toContain(comma)
    expect(sentences[0]).toContain(stop)
    expect(unknown).toBe(0)
  })

  it("finds composed characters by their parts", () => {
    expect(piperSentences([clause("ç", ".")], ids).sentences[0]).toEqual([
      begin,
      pad,
      c,
      pad,
      cedilla,
      pad,
      stop,
      pad,
      end,
    ])
  })

  it("is empty for nothing", () => {
    expect(piperSentences([], ids)).toEqual({ sentences: [], unknown: 0 })
  })
})
