import { describe, expect, test } from "vitest"
import { CHALLENGE_WORDS } from "../../src/security/confirmation/challenge-words.ts"
import { makeConfirmationDesk } from "../../src/security/confirmation.ts"
import { confirmationRig, request, spoken } from "../support/confirmation-rig.ts"
import { askedAgain, denied, granted, wordOf } from "../support/confirmation-verdicts.ts"

const rig = confirmationRig()
const { open, say } = rig

describe("the question", () => {
  test("reads the operation back and names the word last", () => {
    const { question, expiresInMs } = open()
    expect(question).toMatch(/^Do you want me to restart n eight n\? To confirm, say: [a-z]+\.$/)
    expect(expiresInMs).toBe(20_000)
  })

  test("has a word of the list, and none that was asked for lately", () => {
    const words: string[] = []
    for (let i = 0; i < 500; i++) {
      const confirmation = open(i)
      words.push(wordOf(confirmation))
      rig.desk.close(confirmation.consentId)
    }
    const known = new Set(CHALLENGE_WORDS.map(({ word }) => word))
    expect(new Set(words)).toEqual(known)
    const rests = Math.floor(CHALLENGE_WORDS.length / 2)
    for (const [at, word] of words.entries()) {
      expect(words.slice(Math.max(0, at - rests), at)).not.toContain(word)
    }
  })

  test("never has a word that it gives away before its end", () => {
    const [first, second] = CHALLENGE_WORDS.map(({ word }) => word)
    for (let i = 0; i < 100; i++) {
      const confirmation = open(i, { ...request, spoken: `restart ${first} ${second}` })
      expect([first, second]).not.toContain(wordOf(confirmation))
      rig.desk.close(confirmation.consentId)
    }
  })

  test("is chosen by the system's secure generator where no other is given", () => {
    const words = new Set<string>()
    for (let i = 0; i < 200; i++) {
      const confirmation = makeConfirmationDesk().open(request, 0)
      words.add(confirmation === undefined ? "" : wordOf(confirmation))
    }
    // The chance that 200 draws of 16 words or more give fewer than 4 different ones is below 10^-100.
    expect(words.size).toBeGreaterThanOrEqual(4)
  })
})

describe("an answer", () => {
  test("that is the word grants what was asked, once", () => {
    const confirmation = open()
    const answer = spoken(confirmation.consentId, wordOf(confirmation))
    expect(rig.desk.judge(answer, 6000)).toEqual(granted)
    expect(rig.desk.judge(answer, 6001)).toEqual(denied("not-pending"))
    expect(rig.desk.isPending(6001)).toBe(false)
  })

  test("grants what was read back, whatever becomes of the request afterwards", () => {
    const mutable = { ...request }
    const confirmation = open(0, mutable)
    mutable.hash = "b2"
    mutable.spoken = "stop postgres"
    expect(say(confirmation, wordOf(confirmation), 6000)).toEqual(granted)
  })

  test.each(["no", "okay wait, don't", "stop", "never mind"])("%j denies", (transcript) => {
    expect(say(open(), transcript, 6000)).toEqual(denied("deny-word"))
    expect(rig.desk.isPending(6000)).toBe(false)
    expect(rig.desk.open(request, 6001)).toBeDefined()
  })

  test("with the word and a refusal denies", () => {
    const confirmation = open()
    expect(say(confirmation, `${wordOf(confirmation)}, no`, 6000)).toEqual(denied("deny-word"))
  })

  test("of silence denies, as the conversation reports it", () => {
    const changes = { audioStartMs: 0, confidence: 0 }
    expect(say(open(), "", 26_000, changes)).toEqual(denied("silence"))
  })

  test("of yes asks again for another word, and the first word is wrong then", () => {
    const first = open()
    const again = rig.desk.judge(spoken(first.consentId, "yes"), 6000)
    expect(again).toMatchObject({ type: "ask-again", reason: "wrong-word" })
    const second = askedAgain(again)
    expect(second.consentId).not.toBe(first.consentId)
    expect(wordOf(second)).not.toBe(wordOf(first))
    // A recording of the first answer.
    const replayed = say(second, wordOf(first), 12_000)
    expect(replayed).toMatchObject({ type: "ask-again", reason: "wrong-word" })
    const third = askedAgain(replayed)
    expect(say(third, wordOf(third), 18_000)).toEqual(granted)
  })

  test("for the first question does not count for the one that was asked again", () => {
    const first = open()
    const second = askedAgain(say(first, "what?", 6000))
    expect(say(first, wordOf(second), 7000)).toEqual(denied("not-pending"))
    expect(say(second, wordOf(second), 8000)).toEqual(granted)
  })

  test("for an unknown question changes nothing", () => {
    const confirmation = open()
    expect(rig.desk.judge(spoken("another", wordOf(confirmation)), 6000)).toEqual(denied("not-pending"))
    expect(rig.desk.isPending(6000)).toBe(true)
    expect(say(confirmation, wordOf(confirmation), 6001)).toEqual(granted)
  })

  test.each([0.1, 0.39, Number.NaN])("of confidence %d asks again", (confidence) => {
    const confirmation = open()
    const verdict = say(confirmation, wordOf(confirmation), 6000, { confidence })
    expect(verdict).toMatchObject({ type: "ask-again", reason: "unclear" })
  })

  test("that was not understood says so before the question", () => {
    const verdict = say(open(), "I was dancing yesterday", 6000)
    expect(askedAgain(verdict).question).toMatch(
      /^I did not get that\. Do you want me to restart n eight n\? To confirm, say: /,
    )
  })
})

describe("one at a time", () => {
  test("nothing else is asked while a question is pending, another operation neither", () => {
    const confirmation = open()
    expect(rig.desk.open(request, 100)).toBeUndefined()
    expect(rig.desk.open({ ...request, operationKey: "other", hash: "b2" }, 100)).toBeUndefined()
    expect(say(confirmation, wordOf(confirmation), 6000)).toEqual(granted)
    expect(rig.desk.open(request, 6001)).toBeDefined()
  })

  test("a question that is closed is not pending, and its word is worth nothing", () => {
    const confirmation = open()
    rig.desk.close("another")
    expect(rig.desk.isPending(1)).toBe(true)
    rig.desk.close(confirmation.consentId)
    expect(rig.desk.isPending(1)).toBe(false)
    expect(say(confirmation, wordOf(confirmation), 6000)).toEqual(denied("not-pending"))
  })
})
