import { describe, expect, test } from "vitest"
import type { ConfirmationVerdict } from "../../src/ports/consent.ts"
import { confirmationRig, LOCK_MS, makeDesk, request } from "../support/confirmation-rig.ts"
import { askedAgain, denied, granted, wordOf } from "../support/confirmation-verdicts.ts"

const rig = confirmationRig()
const { open, say } = rig

const failed: ConfirmationVerdict = { type: "denied", reason: "not-pending" }

describe("three failures", () => {
  /** Fails at once, starting from a new question where none is left. */
  const failTimes = (times: number, nowMs: number, asked = request): ConfirmationVerdict | undefined => {
    let verdict: ConfirmationVerdict | undefined
    for (let i = 0; i < times; i++) {
      const confirmation = verdict?.type === "ask-again" ? verdict.confirmation : open(nowMs, asked)
      verdict = say(confirmation, "yes", nowMs)
    }
    return verdict
  }

  test("lock the operation for a while, and no other", () => {
    expect(failTimes(3, 1000)).toEqual(denied("too-many-failures"))
    expect(rig.desk.isPending(1000)).toBe(false)
    expect(rig.desk.lockedMs(request.operationKey, 1000)).toBe(LOCK_MS)
    expect(rig.desk.open(request, 1000 + LOCK_MS - 1)).toBeUndefined()
    expect(rig.desk.lockedMs("other", 1000)).toBe(0)
    const other = open(1001, { ...request, operationKey: "other" })
    rig.desk.close(other.consentId)
    expect(rig.desk.lockedMs(request.operationKey, 1000 + LOCK_MS)).toBe(0)
    expect(rig.desk.open(request, 1000 + LOCK_MS)).toBeDefined()
  })

  test("count over several questions, whoever asks and whatever the turn", () => {
    const second = failTimes(2, 1000)
    rig.desk.close(second === undefined ? "" : askedAgain(second).consentId)
    const verdict = failTimes(1, 2000, { ...request, hash: "b2", origin: "model" })
    expect(verdict).toEqual(denied("too-many-failures"))
  })

  test("are counted anew after the lock, after a success, and after a long time", () => {
    failTimes(3, 0)
    expect(failTimes(2, LOCK_MS)?.type).toBe("ask-again")
    rig.desk = makeDesk()
    const confirmation = askedAgain(failTimes(2, 0) ?? failed)
    expect(say(confirmation, wordOf(confirmation), 1)).toEqual(granted)
    expect(failTimes(2, 2)?.type).toBe("ask-again")
    rig.desk = makeDesk()
    rig.desk.close(askedAgain(failTimes(2, 0) ?? failed).consentId)
    expect(failTimes(1, LOCK_MS)?.type).toBe("ask-again")
  })

  test("are no refusals and no silences", () => {
    for (let i = 0; i < 10; i++) {
      say(open(i), i % 2 === 0 ? "no" : "", i)
    }
    expect(rig.desk.lockedMs(request.operationKey, 10)).toBe(0)
  })
})
