import { readFileSync } from "node:fs"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { normaliseForSpeech } from "../../src/text/normalise.ts"

const golden: Record<string, [written: string, spoken: string][]> = JSON.parse(
  readFileSync(new URL("normalise.golden.json", import.meta.url), "utf8"),
)

describe.each(Object.entries(golden))("%s", (_concern, cases) => {
  it.each(cases)("%j is read %j", (written, spoken) => {
    expect(normaliseForSpeech(written)).toBe(spoken)
  })
})

describe("for any text", () => {
  const piece = fc.oneof(
    fc.constantFrom(..."#*_`~|<>[]()!-+=.,:;/\\@&%$€°^'\"—–…0123456789 \n\t"),
    fc.constantFrom(
      "**",
      "```",
      "](",
      "<think>",
      "</think>",
      "&amp;",
      "<b>",
      "| a |",
      "http://",
      "e.g.",
      "Dr.",
      "v1.2",
    ),
    fc.constantFrom(
      "12:30",
      " am",
      "1,024",
      "GB",
      "2024-03-05",
      "n8n",
      "10.0.0.2",
      "½",
      "²",
      "😀",
      "🇩🇪",
      "\u202e",
      "\u0301",
    ),
    fc.string({ unit: "grapheme", maxLength: 6 }),
    fc.string({ unit: "binary", maxLength: 4 }),
  )
  const anyText = fc.array(piece, { maxLength: 60 }).map((pieces) => pieces.join(""))
  const runs = { numRuns: 1_000 }

  it("the result holds letters, single spaces and the marks of a pause, and nothing else", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(normaliseForSpeech(text)).toMatch(/^(?:[\p{L}\p{M}'.,!?;:]|(?<! ) (?! |$))*$/u)
      }),
      runs,
    )
  })

  it("normalising twice changes nothing", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const once = normaliseForSpeech(text)
        expect(normaliseForSpeech(once)).toBe(once)
      }),
      runs,
    )
  })

  it("the result is at most 32 times as long", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(normaliseForSpeech(text).length).toBeLessThanOrEqual(32 * text.length)
      }),
      runs,
    )
  })
})

describe("100 kB of what makes a careless pattern quadratic", () => {
  // A quadratic pass needs minutes for these; a linear one needs tens of milliseconds.
  const LIMIT_MS = 2_000
  const seeds = [
    ..."<[(*_`~|#>-+=.,:;/\\@&%$'\"! \n\t—–^{}0a",
    ..."1. a. 1, 1: 1/ 1- a- a_ a/ a@ @a ./ /a ](  [a ![ [] `` ~~ ** -- ^[ [^ &# &a <b <a < > {} \\( \\frac{".split(
      " ",
    ),
    ..."::  a: 1:1: 1.1.1.1 0x e.g. v1. 1e 1x $1 5m 2h a.b \n- \n| \n> \n1. \n# \n``` \n--- |- ' a'".split(
      " ",
    ),
    "<think>",
    "<!--",
    "http://a",
    " -",
    " ,",
    "1 ",
    "a ",
    "\n \n",
    "U.",
    "aaaa.bbbb@",
    "in 2024 ",
  ].filter((seed) => seed !== "")

  it.each(seeds)("%j repeated", (seed) => {
    const text = seed.repeat(Math.ceil(100_000 / seed.length))
    const startMs = performance.now()
    normaliseForSpeech(`x${text}x`)
    expect(performance.now() - startMs).toBeLessThan(LIMIT_MS)
  })
})
