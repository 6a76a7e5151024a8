import { describe, expect, test } from "vitest"
import { makeConfirmationDesk } from "../../src/security/confirmation.ts"
import { confirmationRig, QUESTION_END_MS, request, typedRequest } from "../support/confirmation-rig.ts"
import { askedAgain, denied, wordOf } from "../support/confirmation-verdicts.ts"

const rig = confirmationRig()
const { open, say } = rig

describe("time", () => {
  test.each([
    [-1000, "ask-again"],
    [0, "ask-again"],
    [299, "ask-again"],
    [300, "granted"],
    [20_000, "granted"],
    [20_001, "denied"],
  ])("an answer that begins %d ms after the question's end is %s", (afterMs, type) => {
    const confirmation = open()
    const audioStartMs = QUESTION_END_MS + afterMs
    expect(say(confirmation, wordOf(confirmation), 30_000, { audioStartMs }).type).toBe(type)
  })

  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    "an answer that begins at %d is no consent",
    (audioStartMs) => {
      const confirmation = open()
      expect(say(confirmation, wordOf(confirmation), 6000, { audioStartMs }).type).toBe("ask-again")
    },
  )

  test("the word is no consent where the question was not heard", () => {
    const confirmation = open()
    const verdict = say(confirmation, wordOf(confirmation), 6000, { questionEndMs: 0, audioStartMs: 900 })
    expect(verdict).toMatchObject({ type: "ask-again", reason: "too-early" })
  })

  test("an early yes asks once more without being a failure, a second one is one", () => {
    const early = { audioStartMs: QUESTION_END_MS - 100 }
    const first = say(open(), "yes", 1000, early)
    expect(first).toMatchObject({ type: "ask-again", reason: "too-early" })
    const second = say(askedAgain(first), "yes", 2000, early)
    expect(second).toMatchObject({ type: "ask-again", reason: "too-early" })
    const third = say(askedAgain(second), "yes", 3000, early)
    expect(third).toMatchObject({ type: "ask-again", reason: "too-early" })
    expect(say(askedAgain(third), "yes", 4000, early)).toEqual(denied("too-many-failures"))
  })

  test("an early refusal counts", () => {
    expect(say(open(), "no", 1000, { audioStartMs: QUESTION_END_MS - 100 })).toEqual(denied("deny-word"))
  })

  test("a question expires by itself, and another one may be asked then", () => {
    const confirmation = open(1000)
    expect(rig.desk.isPending(66_000)).toBe(true)
    expect(rig.desk.open(request, 66_000)).toBeUndefined()
    expect(rig.desk.isPending(66_001)).toBe(false)
    expect(say(confirmation, wordOf(confirmation), 66_001)).toEqual(denied("too-late"))
    expect(rig.desk.open(request, 66_002)).toBeDefined()
  })

  test("an answer has as long as is configured, spoken and typed", () => {
    rig.desk = makeConfirmationDesk({ answerWithinMs: 8000 })
    const first = open()
    expect(first.expiresInMs).toBe(8000)
    const late = { audioStartMs: QUESTION_END_MS + 8001 }
    expect(say(first, wordOf(first), 20_000, late)).toEqual(denied("too-late"))
    const { consentId } = open(0, typedRequest)
    expect(rig.desk.judge({ type: "typed", consentId, text: "x" }, 8001)).toEqual(denied("too-late"))
  })

  test.each([Number.NaN, 999])("a clock that says %d lets nothing through", (nowMs) => {
    const confirmation = open(1000)
    expect(rig.desk.isPending(nowMs)).toBe(false)
    expect(say(confirmation, wordOf(confirmation), nowMs)).toEqual(denied("too-late"))
  })
})
