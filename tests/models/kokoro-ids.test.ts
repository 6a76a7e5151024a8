import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { KOKORO_MAX_IDS, kokoroBatches } from "../../src/models/kokoro-ids.ts"
import { KOKORO_VOCABULARY } from "../../src/models/kokoro-vocabulary.ts"

const clause = (phonemes: string, mark = ".") => ({ phonemes, mark, endsSentence: ".!?…".includes(mark) })
const idsOf = (text: string) => [...text].map((symbol) => KOKORO_VOCABULARY.get(symbol))

describe("Kokoro's vocabulary", () => {
  it("has the model's 114 symbols at their ids", () => {
    expect(KOKORO_VOCABULARY.size).toBe(114)
    expect(idsOf(";? AZ\u0303zɡʒˈːᵻ")).toEqual([1, 6, 16, 24, undefined, 17, 68, 92, 147, 156, 158, 177])
  })
})

describe("Kokoro's input", () => {
  it("is one run for a short text, with marks and spaces", () => {
    const { batches, unknown } = kokoroBatches([clause("həlˈoʊ", ","), clause("jˈɛs")], "en-us")
    expect(batches).toEqual([idsOf("həlˈoʊ, jˈɛs. ")])
    expect(unknown).toBe(0)
  })

  it("leaves unknown symbols out and counts them", () => {
    expect(kokoroBatches([clause("aʘ☃b")], "en-us")).toEqual({ batches: [idsOf("ab. ")], unknown: 2 })
  })

  it("writes phonemes as the model learned them", () => {
    expect(kokoroBatches([clause("nˈaɪnti")], "en-us").batches).toEqual([idsOf("nˈaɪndi. ")])
    expect(kokoroBatches([clause("nˈaɪnti")], "en").batches).toEqual([idsOf("nˈaɪnti. ")])
    expect(kokoroBatches([clause("lˈɒx")], "en").batches).toEqual([idsOf("lˈɒk. ")])
  })

  it("cuts after a sentence rather than a clause, and after a clause rather than a word", () => {
    const cut = (...clauses: Parameters<typeof kokoroBatches>[0]) =>
      kokoroBatches(clauses, "en-us", 12).batches.map((batch) => batch.length)
    expect(cut(clause("aaa"), clause("bb", ","), clause("ccccccc"))).toEqual([5, 4, 9])
    expect(cut(clause("aaa", ","), clause("b b bb bbb"))).toEqual([5, 12])
    expect(cut(clause("aaa bb ccc ddd"))).toEqual([11, 5])
    expect(cut(clause("a".repeat(20)))).toEqual([12, 10])
  })

  it("never loses a symbol and never exceeds the limit, whatever the text", () => {
    const phonemes = fc
      .array(fc.constantFrom("a", "ˈ", "t", "ʃ", " ", "ɹ"), { maxLength: 700 })
      .map((all) => all.join(""))
    const clauses = fc.array(fc.record({ phonemes, mark: fc.constantFrom(".", ",", "?", "—") }), {
      maxLength: 8,
    })
    fc.assert(
      fc.property(clauses, (parts) => {
        const text = parts.map(({ phonemes: ipa, mark }) => clause(ipa, mark))
        const { batches } = kokoroBatches(text, "en-us")
        expect(batches.flat()).toEqual(idsOf(parts.map((part) => `${part.phonemes}${part.mark} `).join("")))
        for (const batch of batches) {
          expect(batch.length).toBeLessThanOrEqual(KOKORO_MAX_IDS)
          expect(batch.length).toBeGreaterThan(0)
        }
      }),
    )
  })
})
