import { describe, expect, test } from "vitest"
import type { Confirmation, ConsentAnswer } from "../../src/ports/consent.ts"
import { confirmationRig, request, typedRequest } from "../support/confirmation-rig.ts"
import { askedAgain, denied, granted, wordOf } from "../support/confirmation-verdicts.ts"

const rig = confirmationRig()
const { open, say } = rig

describe("our own voice", () => {
  test("is never consent, and asks once more without being a failure", () => {
    let confirmation = open()
    for (let failure = 0; failure < 3; failure++) {
      const verdict = say(confirmation, wordOf(confirmation), 6000, { echoSuspect: true })
      expect(verdict).toMatchObject({ type: "ask-again", reason: "own-voice" })
      confirmation = askedAgain(verdict)
    }
    const last = say(confirmation, wordOf(confirmation), 6000, { echoSuspect: true })
    expect(last).toEqual(denied("too-many-failures"))
  })

  test("does not hide a refusal", () => {
    expect(say(open(), "no, stop", 6000, { echoSuspect: true })).toEqual(denied("deny-word"))
  })
})

describe("the channel", () => {
  const typed = (confirmation: Confirmation, text: string): ConsentAnswer => ({
    type: "typed",
    consentId: confirmation.consentId,
    text,
  })

  test("a typed word confirms what was asked for on the command line", () => {
    const confirmation = open(0, typedRequest)
    expect(rig.desk.judge(typed(confirmation, wordOf(confirmation)), 20_000)).toEqual(granted)
  })

  test("a typed answer has 20 s", () => {
    const confirmation = open(0, typedRequest)
    expect(rig.desk.judge(typed(confirmation, wordOf(confirmation)), 20_001)).toEqual(denied("too-late"))
  })

  test.each(["phrase", "model"] as const)("a typed word is no answer to a %s", (origin) => {
    const confirmation = open(0, { ...request, origin })
    expect(rig.desk.judge(typed(confirmation, wordOf(confirmation)), 6000)).toEqual(denied("wrong-channel"))
    expect(say(confirmation, wordOf(confirmation), 6001)).toEqual(denied("not-pending"))
  })

  test("a spoken word is no answer to the command line", () => {
    const confirmation = open(0, typedRequest)
    expect(say(confirmation, wordOf(confirmation), 6000)).toEqual(denied("wrong-channel"))
  })

  test("a typed refusal denies, a typed yes asks again", () => {
    expect(rig.desk.judge(typed(open(0, typedRequest), "no"), 1000)).toEqual(denied("deny-word"))
    expect(rig.desk.judge(typed(open(0, typedRequest), "yes"), 1000).type).toBe("ask-again")
  })
})
