import { describe, expect, it } from "vitest"
import { normaliseForSpeech } from "../../src/text/normalise.ts"
import { type PhraseFacts, phraseReply } from "../../src/text/phrase-replies.ts"
import { PHRASES } from "../../src/text/phrases.ts"
import { speaksWakeWord } from "../../src/text/wake-phrase.ts"

const now = { hour: 10, minute: 30, weekday: 2, day: 5, month: 3, year: 2024, hourFormat: 12 } as const
const facts: PhraseFacts = { now, status: "Everything is up.", hasContainers: true }
const timeAt = (hour: number, minute: number, hourFormat: 12 | 24) =>
  phraseReply("time", { ...facts, now: { ...now, hour, minute, hourFormat } })

describe("the time", () => {
  it.each([
    [10, 30, "It's ten thirty.", "It's ten thirty."],
    [14, 5, "It's two oh five.", "It's fourteen oh five."],
    [15, 0, "It's three o'clock.", "It's fifteen hundred."],
    [9, 0, "It's nine o'clock.", "It's nine o'clock."],
    [0, 0, "It's midnight.", "It's midnight."],
    [12, 0, "It's noon.", "It's noon."],
    [0, 20, "It's twelve twenty.", "It's twenty past midnight."],
    [23, 59, "It's eleven fifty nine.", "It's twenty three fifty nine."],
  ])("at %d:%d is said %j, or %j with 24 hours", (hour, minute, twelve, twentyFour) => {
    expect(timeAt(hour, minute, 12)).toBe(twelve)
    expect(timeAt(hour, minute, 24)).toBe(twentyFour)
  })
})

it("says the date in full", () => {
  expect(phraseReply("date", facts)).toBe("It's Tuesday, March fifth, twenty twenty four.")
})

it("repeats what was said, or that nothing was", () => {
  expect(phraseReply("repeat", { ...facts, lastReply: "It's noon." })).toBe("It's noon.")
  expect(phraseReply("repeat", facts)).toBe("I haven't said anything yet.")
})

it("offers containers only where there are some", () => {
  expect(phraseReply("capabilities", facts)).toContain("containers")
  expect(phraseReply("capabilities", { ...facts, hasContainers: false })).not.toContain("containers")
})

it("leaves container phrases to the tools", () => {
  expect(phraseReply("container-stop", facts)).toBeUndefined()
})

it.each(PHRASES.map(({ intent }) => intent))("the reply to %s can be spoken as it is written", (intent) => {
  const reply = phraseReply(intent, facts) ?? ""
  expect(normaliseForSpeech(reply)).toBe(reply)
  expect(speaksWakeWord(reply)).toBe(false)
})
