import * as Effect from "effect/Effect"
import { expect, it } from "vitest"
import { makeConfirmationDesk } from "../../../src/security/confirmation.ts"
import { aCall, guardRig, type Made } from "../../support/guard-rig.ts"

/** The question names the word last. */
const wordOf = (made: Made): string => {
  const last = made.events.findLast(({ type }) => type === "consent-needed")
  return last?.type === "consent-needed" ? (/(\w+)[.?!]?$/.exec(last.question)?.[1] ?? "") : ""
}

it("with the real desk: the word that was asked for, once, typed where it was asked", () =>
  Effect.gen(function* () {
    const { guard, make, pass, restart, close } = yield* guardRig({ desk: makeConfirmationDesk() })
    const made = yield* make(aCall("restart"), { origin: "command-line" })
    const typed = { type: "typed", consentId: made.consentId(), text: wordOf(made) } as const
    expect(yield* guard.answer(typed)).toBe("granted")
    yield* pass(0)
    expect(made.result()).toMatchObject({ type: "receipt", outcome: "done" })
    expect(yield* guard.answer(typed)).toBe("denied")

    const wrong = yield* make(aCall("restart"), { origin: "command-line" })
    for (let i = 0; i < 3; i++) {
      yield* guard.answer({ type: "typed", consentId: wrong.consentId(), text: "yes" })
      yield* pass(0)
    }
    expect(wrong.result()).toMatchObject({ type: "denied", code: "locked" })
    const locked = yield* make(aCall("restart"))
    expect(locked.result()).toMatchObject({ type: "denied", code: "locked" })
    const other = yield* make(aCall("restart", "postgres"))
    expect(other.events).toMatchObject([{ type: "consent-needed" }])
    expect(restart.log.filter((line) => line.startsWith("perform"))).toHaveLength(1)
    yield* close
  }).pipe(Effect.runPromise))
