import * as Effect from "effect/Effect"
import { describe, expect, it } from "vitest"
import { makeConfirmationDesk } from "../../../src/security/confirmation.ts"
import { aCall, guardRig, type Made, WALL_MS } from "../../support/guard-rig.ts"
import { type MemoryAudit, memoryAudit } from "../../support/memory-audit.ts"

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

describe("over a restart", () => {
  const LOCK_MS = 300_000
  const run = <A>(effect: Effect.Effect<A, unknown>): Promise<A> => Effect.runPromise(effect)

  /** A life of its own, with nothing left of an earlier one but the log; `atMs` is what the wall clock says. */
  const life = (wall: { ms: number }, log: MemoryAudit) =>
    guardRig({ desk: makeConfirmationDesk({ lockMs: LOCK_MS }), log, wallNow: () => wall.ms })
  const begin = () => {
    const wall = { ms: WALL_MS }
    return { wall, log: memoryAudit({ nowMs: () => wall.ms }) }
  }
  type Life = Effect.Success<ReturnType<typeof life>>

  /** Wrong words in one call, typed; what became of it so far. */
  const fail = ({ guard, make, pass }: Life, times: number) =>
    Effect.gen(function* () {
      const made = yield* make(aCall("restart"), { origin: "command-line" })
      for (let i = 0; i < times; i++) {
        yield* guard.answer({ type: "typed", consentId: made.consentId(), text: "yes" })
        yield* pass(0)
      }
      return made
    })
  /** What a call of the operation comes to at once: a refusal, or a question. */
  const ask = ({ make }: Life, container = "n8n") =>
    Effect.map(make(aCall("restart", container)), (made) => {
      const [first] = made.events
      return first?.type === "denied" ? first.code : first?.type
    })

  /** A life after one that locked the operation, as long ago as the wall clock says. */
  const lockedBefore = (agoMs: number) =>
    Effect.gen(function* () {
      const { wall, log } = begin()
      const first = yield* life(wall, log)
      expect((yield* fail(first, 3)).result()).toMatchObject({ code: "locked" })
      yield* first.close
      wall.ms += agoMs
      return { second: yield* life(wall, log), log }
    })

  it("three wrong words still lock the operation, and no other, for as long as was left", () =>
    run(
      Effect.gen(function* () {
        const { second, log } = yield* lockedBefore(LOCK_MS - 1000)
        expect(yield* ask(second)).toBe("locked")
        yield* second.pass(999)
        expect(yield* ask(second)).toBe("locked")
        yield* second.pass(1)
        expect(yield* ask(second)).toBe("consent-needed")
        yield* second.close
        const third = yield* life({ ms: WALL_MS + 1 }, log)
        expect(yield* ask(third, "postgres")).toBe("consent-needed")
        yield* third.close
      }),
    ))

  it("a lock that is over by then is over", () =>
    run(
      Effect.gen(function* () {
        const { second } = yield* lockedBefore(LOCK_MS)
        expect(yield* ask(second)).toBe("consent-needed")
        yield* second.close
      }),
    ))

  it("a wall clock that was put back frees nothing, and locks for no longer than a lock lasts", () =>
    run(
      Effect.gen(function* () {
        const { second } = yield* lockedBefore(-30 * 86_400_000)
        expect(yield* ask(second)).toBe("locked")
        yield* second.pass(LOCK_MS - 1)
        expect(yield* ask(second)).toBe("locked")
        yield* second.pass(1)
        expect(yield* ask(second)).toBe("consent-needed")
        yield* second.close
      }),
    ))

  it("wrong words before it count with those after it, unless the right one came between", () =>
    run(
      Effect.gen(function* () {
        const { wall, log } = begin()
        const first = yield* life(wall, log)
        const made = yield* fail(first, 2)
        yield* made.stop
        yield* first.close
        const second = yield* life(wall, log)
        expect((yield* fail(second, 1)).result()).toMatchObject({ code: "locked" })
        yield* second.close

        const other = begin()
        const third = yield* life(other.wall, other.log)
        const right = yield* fail(third, 2)
        const typed = { type: "typed", consentId: right.consentId(), text: wordOf(right) } as const
        expect(yield* third.guard.answer(typed)).toBe("granted")
        yield* third.pass(0)
        yield* third.close
        const fourth = yield* life(other.wall, other.log)
        expect((yield* fail(fourth, 2)).result()).toBeUndefined()
        yield* fourth.close
      }),
    ))

  it("what was forgiven is still forgiven, once: an early answer is no failure, a second one is", () =>
    run(
      Effect.gen(function* () {
        const { wall, log } = begin()
        const first = yield* life(wall, log)
        const made = yield* first.make(aCall("restart"))
        const heard = { audioStartMs: 500, questionEndMs: 500, confidence: 0.9, echoSuspect: false }
        const early = { type: "spoken", transcript: "yes", ...heard } as const
        for (let i = 0; i < 3; i++) {
          yield* first.guard.answer({ ...early, consentId: made.consentId() })
          yield* first.pass(0)
        }
        expect(made.result()).toBeUndefined()
        yield* made.stop
        yield* first.close
        const second = yield* life(wall, log)
        expect(yield* ask(second)).toBe("consent-needed")
        yield* second.close
        const third = yield* life(wall, log)
        expect((yield* fail(third, 1)).result()).toMatchObject({ code: "locked" })
        yield* third.close
      }),
    ))

  it("a guard that is started again alone counts nothing twice", () =>
    run(
      Effect.gen(function* () {
        const { wall, log } = begin()
        const desk = makeConfirmationDesk({ lockMs: LOCK_MS })
        const first = yield* guardRig({ desk, log, wallNow: () => wall.ms })
        yield* (yield* fail(first, 1)).stop
        yield* first.close
        const second = yield* guardRig({ desk, log, wallNow: () => wall.ms })
        expect((yield* fail(second, 1)).result()).toBeUndefined()
        yield* second.close
      }),
    ))
})
