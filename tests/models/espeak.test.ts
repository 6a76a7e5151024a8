import { beforeAll, describe, expect, it } from "vitest"
import { openEspeak } from "../../src/models/espeak.ts"
import type { Phonemizer } from "../../src/models/phonemes.ts"

let espeak: Phonemizer

beforeAll(async () => {
  espeak = await openEspeak()
})

describe("espeak-ng", () => {
  it("gives each clause its phonemes and keeps its punctuation", async () => {
    expect(await espeak.phonemize("Hello there, one moment. Yes", "en-us")).toEqual([
      { phonemes: "həlˈoʊ ðˈɛɹ", mark: ",", endsSentence: false },
      { phonemes: "wˈʌn mˈoʊmənt", mark: ".", endsSentence: true },
      { phonemes: "jˈɛs", mark: ".", endsSentence: true },
    ])
  })

  it("speaks British English too, and remembers the two apart", async () => {
    const [american] = await espeak.phonemize("water", "en-us")
    const [british] = await espeak.phonemize("water", "en")
    expect(american?.phonemes).toBe("wˈɔːɾɚ")
    expect(british?.phonemes).toBe("wˈɔːtə")
    expect(await espeak.phonemize("water", "en-us")).toEqual([american])
  })

  it("says nothing for text without words", async () => {
    expect(await espeak.phonemize("... !", "en-us")).toEqual([])
  })

  it("names its licence", () => {
    expect(espeak.licence).toBe("GPL-3.0-or-later")
  })

  it("leaves no handlers of uncaught errors behind", async () => {
    // Its handlers throw again from inside the handler, which hides the host's own report.
    const sources = [...process.listeners("uncaughtException"), ...process.listeners("unhandledRejection")]
    expect(sources.filter((listener) => /throw/.test(listener.toString()) && listener.length === 1)).toEqual(
      [],
    )
  })
})
