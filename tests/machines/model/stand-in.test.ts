import { describe, expect, it } from "vitest"
import {
  isWorthWaiting,
  type NoMemory,
  nextStandIn,
  noMemoryOf,
  nothingKnown,
  type StandInEvent,
  standInNotice,
} from "../../../src/machines/model/stand-in.ts"
import type { ModelFailure, ModelState } from "../../../src/ports/models.ts"

const game: NoMemory = { kind: "refused", sentence: "Other programs use the memory." }
const torn: NoMemory = { kind: "does-not-fit", sentence: "It does not fit." }

const following = (...events: readonly StandInEvent[]) => events.reduce(nextStandIn, nothingKnown)
const refused = (cause = game): StandInEvent => ({ type: "model.without-memory", cause })
const answers: StandInEvent = { type: "stand-in.answers" }
const taken: StandInEvent = { type: "notice.taken" }
const there: StandInEvent = { type: "model.there" }

describe("what is said about a stand-in", () => {
  it("is said when it answers, not when it is only loaded", () => {
    expect(following(refused()).spoken).toBe("not-yet")
    expect(following(refused(), answers).spoken).toBe("due")
  })

  it("is said once for a cause, whatever reasons are given for it meanwhile", () => {
    expect(following(refused(), answers, taken, answers, refused(torn), answers)).toEqual({
      cause: torn,
      spoken: "done",
    })
  })

  it("is said anew when the model has been there in between", () => {
    expect(following(refused(), answers, taken, there)).toEqual(nothingKnown)
    expect(following(refused(), answers, taken, there, refused(), answers).spoken).toBe("due")
  })

  it("is nothing as long as no cause is known", () => {
    expect(following(answers, taken)).toEqual(nothingKnown)
  })
})

it.each<[ModelFailure["reason"], NoMemory | undefined]>([
  ["refused", game],
  [
    "does-not-fit",
    { kind: "does-not-fit", sentence: "There is not enough free memory for the language model." },
  ],
  ["load-failed", undefined],
  ["died", undefined],
  ["unavailable", undefined],
  ["missing", undefined],
])("a failure that is '%s' is a want of memory, or none", (reason, cause) => {
  expect(noMemoryOf({ reason, message: game.sentence })).toEqual(cause)
})

it.each<[NoMemory | undefined, ModelState | undefined, boolean]>([
  [undefined, "admitting", true],
  [game, "admitting", false],
  [game, "failed", false],
  [game, undefined, false],
  [game, "loading", true],
  [game, "ready", true],
  [torn, "loading", false],
  [torn, "ready", true],
])("with the cause %j, a model that is %s is worth waiting for: %s", (cause, state, expected) => {
  expect(isWorthWaiting({ cause, spoken: "done" }, state)).toBe(expected)
})

it("the notice can be spoken in one breath, with the ledger's longest reason", () => {
  const sentence = "Other programs use the graphics memory that I need for the language model."
  expect(standInNotice({ kind: "refused", sentence })).toBe(
    "Other programs use the graphics memory that I need for the language model. Until it is free, my small built-in model answers.",
  )
})
