import * as Effect from "effect/Effect"
import { describe, expect, it } from "vitest"
import type { ToolReceipt } from "../../../src/ports/tools.ts"
import { done } from "../../support/guard-doubles.ts"
import { aCall, gate, guardRig } from "../../support/guard-rig.ts"

const run = <A>(effect: Effect.Effect<A, unknown>): Promise<A> => Effect.runPromise(effect)

/** A restart that was agreed to and is being carried out until `finish`. */
const acting = (origin: "phrase" | "command-line" = "phrase") =>
  Effect.gen(function* () {
    const unheard: ToolReceipt[] = []
    const rig = yield* guardRig({ onUnheard: (receipt) => void unheard.push(receipt) })
    const held = gate<void>()
    rig.restart.performed = () => Effect.as(held.wait, done("N eight n runs again."))
    const made = yield* rig.make(aCall("restart"), { origin })
    yield* rig.answer(made.consentId(), "tango")
    return { ...rig, made, unheard, finish: held.open() }
  })

describe("a change that outlasts its turn", () => {
  it("is told of when it ends, once, with its receipt", () =>
    run(
      Effect.gen(function* () {
        const { made, unheard, log, pass, finish, close } = yield* acting()
        yield* pass(180_000)
        yield* made.stop
        expect(unheard).toEqual([])
        yield* pass(420_000)
        yield* finish
        expect(unheard).toMatchObject([
          { type: "receipt", tier: "change", outcome: "done", speech: "N eight n runs again." },
        ])
        expect(unheard[0]?.receiptId).toBe(log.rows.at(-1)?.hash)
        yield* close
      }),
    ))

  it("is not told of besides where somebody listens to its end, and not to who typed it", () =>
    run(
      Effect.gen(function* () {
        const heard = yield* acting()
        yield* heard.finish
        expect(heard.made.result()).toMatchObject({ outcome: "done" })
        const typed = yield* acting("command-line")
        yield* typed.made.stop
        yield* typed.finish
        expect([...heard.unheard, ...typed.unheard]).toEqual([])
        yield* heard.close
        yield* typed.close
      }),
    ))

  it("is not told of where nothing was begun, where it only looked, or where the guard itself ends", () =>
    run(
      Effect.gen(function* () {
        const { made, make, logs, unheard, close } = yield* acting()
        const asked = yield* make(aCall("restart", "postgres"))
        yield* asked.stop
        const reading = gate<void>()
        logs.performed = () => Effect.as(reading.wait, done())
        const read = yield* make(aCall("logs"))
        yield* read.stop
        yield* reading.open()
        yield* made.stop
        yield* close
        expect(unheard).toEqual([])
      }),
    ))

  it("is not told of where the PIN was given: that end is heard by whoever gave it", () =>
    run(
      Effect.gen(function* () {
        const unheard: ToolReceipt[] = []
        const { guard, make, close } = yield* guardRig({ onUnheard: (receipt) => void unheard.push(receipt) })
        yield* (yield* make(aCall("stop"))).stop
        const result = yield* guard.confirm(guard.pending()?.consentId ?? "", "2468")
        expect(result).toMatchObject({ outcome: "done" })
        expect(unheard).toEqual([])
        yield* close
      }),
    ))
})
