import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  durationAdjective,
  durationWords,
  isDurationWord,
  parseDuration,
  roughlyWords,
  timeLeftWords,
} from "../../src/text/durations.ts"
import { normaliseForSpeech } from "../../src/text/normalise.ts"
import { plainWords } from "../../src/text/utterance-words.ts"

const secondsOf = (text: string) => parseDuration(plainWords(text))

describe("a length of time is understood in words and in digits", () => {
  it.each([
    ["ten minutes", 600],
    ["10 minutes", 600],
    ["10-minute", 600],
    ["5 min", 300],
    ["90 seconds", 90],
    ["ninety seconds", 90],
    ["one second", 1],
    ["a minute", 60],
    ["an hour", 3600],
    ["1 hour", 3600],
    ["an hour's", 3600],
    ["twenty-five minutes", 1500],
    ["twenty five minutes", 1500],
    ["45 minutes", 2700],
    ["forty-five minutes", 2700],
    ["a hundred seconds", 100],
    ["one hundred and twenty seconds", 120],
    ["two hundred minutes", 12_000],
    ["a couple of minutes", 120],
    ["half an hour", 1800],
    ["half a minute", 30],
    ["a half hour", 1800],
    ["a quarter of an hour", 900],
    ["quarter of an hour", 900],
    ["three quarters of an hour", 2700],
    ["an hour and a half", 5400],
    ["a minute and a half", 90],
    ["one and a half minutes", 90],
    ["2 and a half minutes", 150],
    ["two and a half hours", 9000],
    ["two hours and a quarter", 8100],
    ["one hour thirty", 5400],
    ["1 hour 30", 5400],
    ["1 hour and 30 minutes", 5400],
    ["one hour thirty minutes", 5400],
    ["an hour and ten", 4200],
    ["five minutes thirty", 330],
    ["five minutes and thirty seconds", 330],
    ["1 hour, 20 minutes and 5 seconds", 4805],
    ["an hour and half a minute", 3630],
    ["a minute and a quarter", 75],
    ["ten minutes and ninety seconds", 690],
    ["24 hours", 86_400],
    ["one day", 86_400],
    ["a day and a half", 129_600],
    ["zero minutes", 0],
  ])("%s is %d s", (text, seconds) => {
    expect(secondsOf(text)).toBe(seconds)
  })

  it.each([
    "",
    "ten",
    "minutes",
    "and ten minutes",
    "ten minutes and",
    "ten minutes and and five seconds",
    // The point is gone by the time the words are compared: neither 25 minutes nor 7.
    "2.5 minutes",
    "1:30 minutes",
    "1½ hours",
    "1,000 seconds",
    "ten minutes five minutes",
    "ten seconds and five minutes",
    "one hour ninety",
    "ten seconds five",
    "half",
    "half a second",
    "a quarter",
    "half past ten",
    "ten o'clock",
    "few minutes",
    "twenty twelve minutes",
    "to minutes",
    "ten minutes from now",
    "007 minutes",
  ])("%j is none", (text) => {
    expect(secondsOf(text)).toBeUndefined()
  })

  it("reads every length from a second to a day as it is said", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 86_400 }), (seconds) => {
        expect(secondsOf(durationWords(seconds))).toBe(seconds)
        expect(secondsOf(durationAdjective(seconds))).toBe(seconds)
      }),
    )
  })

  it("never fails, whatever the words", () => {
    const word = fc.oneof(
      fc.constantFrom(..."a an and half quarter of ten 10 hundred couple minutes hour seconds".split(" ")),
      fc.string(),
    )
    fc.assert(
      fc.property(fc.array(word, { maxLength: 8 }), (words) => {
        const seconds = parseDuration(words)
        if (seconds !== undefined) expect(Number.isSafeInteger(seconds) && seconds >= 0).toBe(true)
      }),
    )
  })
})

it("knows the words of a length of time from names", () => {
  for (const word of ["ten", "10", "minutes", "half", "quarter"])
    expect(isDurationWord(word), word).toBe(true)
  for (const word of ["pasta", "egg", "a", "hundreds"]) expect(isDurationWord(word), word).toBe(false)
})

describe("a length of time is said", () => {
  it.each([
    [1, "one second", "one second"],
    [60, "one minute", "one minute"],
    [90, "one minute and thirty seconds", "ninety second"],
    [330, "five minutes and thirty seconds", "five minute thirty second"],
    [600, "ten minutes", "ten minute"],
    [3600, "one hour", "one hour"],
    [5400, "one hour and thirty minutes", "ninety minute"],
    [7200, "two hours", "two hour"],
    [9000, "two hours and thirty minutes", "two hour thirty minute"],
    [4805, "one hour, twenty minutes and five seconds", "one hour twenty minute five second"],
    [86_400, "twenty four hours", "twenty four hour"],
  ])("%d s as %j, and before a noun as %j", (seconds, full, adjective) => {
    expect(durationWords(seconds)).toBe(full)
    expect(durationAdjective(seconds)).toBe(adjective)
    expect(normaliseForSpeech(full)).toBe(full)
  })

  it.each([
    [1, "one second"],
    [499_001, "eight minutes and twenty seconds"],
    [500_000, "eight minutes and twenty seconds"],
    [3_600_000, "one hour"],
    [3_629_000, "one hour"],
    [3_631_000, "one hour and one minute"],
    [86_399_000, "twenty four hours"],
  ])("with %d ms left as %j", (ms, text) => {
    expect(timeLeftWords(ms)).toBe(text)
  })

  it.each([
    [60_000, "a minute"],
    [100_000, "two minutes"],
    [1_200_000, "twenty minutes"],
    [5_340_000, "eighty nine minutes"],
    [7_200_000, "two hours"],
    [35 * 3_600_000, "thirty five hours"],
    [72 * 3_600_000, "three days"],
    [56 * 365 * 86_400_000, "a long time"],
  ])("%d ms ago roughly as %j", (ms, text) => {
    expect(roughlyWords(ms)).toBe(text)
  })
})
