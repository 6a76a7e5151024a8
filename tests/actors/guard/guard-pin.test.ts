import * as Effect from "effect/Effect"
import { describe, expect, it } from "vitest"
import { aCall, gate, guardRig, story } from "../../support/guard-rig.ts"

const run = <A>(effect: Effect.Effect<A, unknown>): Promise<A> => Effect.runPromise(effect)

describe("an operation that needs the PIN", () => {
  it("ends its call with where the PIN is given, and is carried out by whoever gives it", () =>
    run(
      Effect.gen(function* () {
        const { guard, make, log, stop, pass, close } = yield* guardRig()
        const made = yield* make(aCall("stop", "postgres"))
        expect(made.events).toEqual([
          {
            type: "denied",
            code: "pin-needed",
            speech: "To stop postgres I need your PIN. Type jett confirm at the desktop.",
          },
        ])
        yield* pass(30_000)
        const waiting = guard.pending()
        expect(waiting).toMatchObject({ spoken: "stop postgres", expiresInMs: 90_000 })
        const result = yield* guard.confirm(waiting?.consentId ?? "", "2468")
        expect(result).toMatchObject({ type: "receipt", outcome: "done", tool: "stop", tier: "danger" })
        expect(guard.pending()).toBeUndefined()
        expect(stop.log).toEqual([
          "identify postgres",
          "identify postgres",
          "perform postgres id-of-postgres",
        ])
        expect(story(log)).toEqual(["asked confirm pin", "consent granted", "intent allow", "outcome done"])
        yield* close
      }),
    ))

  it("keeps others waiting, who are told how it is dropped; a wait for a word is not", () =>
    run(
      Effect.gen(function* () {
        const { guard, make, close } = yield* guardRig()
        yield* make(aCall("stop", "postgres"))
        const speech = async (name: string, more = {}) => {
          const made = await run(make(aCall(name), more))
          const result = made.result()
          return result?.type === "denied" && result.code === "consent-pending" ? result.speech : "none"
        }
        const said = yield* Effect.promise(() => speech("restart"))
        expect(said).toBe(
          "One thing at a time: I'm still waiting for your PIN. Type jett confirm --deny to drop that.",
        )
        expect(said.split(" ").length).toBeLessThanOrEqual(20)
        yield* guard.deny(guard.pending()?.consentId ?? "")
        const asked = yield* make(aCall("restart", "postgres"))
        expect(asked.events).toMatchObject([{ type: "consent-needed" }])
        expect(yield* Effect.promise(() => speech("restart"))).toBe(
          "One thing at a time: I'm still waiting for another confirmation.",
        )
        yield* close
      }),
    ))

  it("does not go on with a wrong PIN, which is on record, and waits for the right one", () =>
    run(
      Effect.gen(function* () {
        const { guard, make, log, pin, stop, close } = yield* guardRig()
        yield* make(aCall("stop"))
        const id = guard.pending()?.consentId ?? ""
        expect(yield* guard.confirm(id, "0000")).toEqual({ type: "pin-refused", why: "wrong" })
        pin.isLocked = true
        expect(yield* guard.confirm(id, "2468")).toEqual({ type: "pin-refused", why: "locked" })
        pin.isLocked = false
        expect(stop.log).toEqual(["identify n8n"])
        expect(yield* guard.confirm(id, "2468")).toMatchObject({ type: "receipt" })
        expect(yield* guard.confirm(id, "2468")).toEqual({ type: "pin-refused", why: "not-pending" })
        expect(story(log).filter((row) => row.startsWith("consent"))).toEqual([
          "consent denied pin-wrong",
          "consent denied pin-locked",
          "consent granted",
        ])
        yield* close
      }),
    ))

  it("is carried out once when two give the right PIN at the same moment", () =>
    run(
      Effect.gen(function* () {
        const { guard, make, stop, close } = yield* guardRig()
        yield* make(aCall("stop"))
        const id = guard.pending()?.consentId ?? ""
        const results = yield* Effect.all([guard.confirm(id, "2468"), guard.confirm(id, "2468")], {
          concurrency: "unbounded",
        })
        expect(results.map(({ type }) => type).sort()).toEqual(["pin-refused", "receipt"])
        expect(stop.log.filter((line) => line.startsWith("perform"))).toHaveLength(1)
        yield* close
      }),
    ))

  it("expires, also while the PIN is looked at", () =>
    run(
      Effect.gen(function* () {
        const slow = gate<"right">()
        const { guard, make, log, stop, pass, close } = yield* guardRig({
          pin: { isSet: Effect.succeed(true), verify: () => slow.wait },
        })
        yield* make(aCall("stop"))
        const id = guard.pending()?.consentId ?? ""
        const confirming = Effect.runPromise(guard.confirm(id, "2468"))
        yield* pass(120_000)
        yield* slow.open("right")
        expect(yield* Effect.promise(() => confirming)).toEqual({ type: "pin-refused", why: "not-pending" })
        expect(story(log)).toEqual(["asked confirm pin", "denied deny consent-expired"])
        expect(stop.log).toEqual(["identify n8n"])
        yield* close
      }),
    ))

  it("is not carried out when it is refused", () =>
    run(
      Effect.gen(function* () {
        const { guard, make, log, stop, close } = yield* guardRig()
        yield* make(aCall("stop"))
        yield* guard.deny(guard.pending()?.consentId ?? "")
        const next = yield* make(aCall("stop"))
        expect(story(log)).toContain("denied deny refused-by-user")
        expect(next.result()).toMatchObject({ code: "pin-needed" })
        expect(stop.log).toEqual(["identify n8n", "identify n8n"])
        yield* close
      }),
    ))

  it("is no place for a spoken answer", () =>
    run(
      Effect.gen(function* () {
        const { guard, make, answer, stop, close } = yield* guardRig()
        yield* make(aCall("stop"))
        const id = guard.pending()?.consentId ?? ""
        expect(yield* answer(id, "tango")).toBe("denied")
        expect(guard.pending()?.consentId).toBe(id)
        expect(stop.log).toEqual(["identify n8n"])
        yield* close
      }),
    ))

  it("keeps every other change waiting for its own turn, but no read", () =>
    run(
      Effect.gen(function* () {
        const { guard, make, pass, answer, close } = yield* guardRig()
        yield* make(aCall("stop"))
        for (const name of ["stop", "restart", "timer"]) {
          const made = yield* make(aCall(name))
          expect(made.result()).toMatchObject({ type: "denied", code: "consent-pending" })
        }
        const read = yield* make(aCall("logs"))
        expect(read.result()).toMatchObject({ type: "receipt" })
        yield* pass(120_000)
        expect(guard.pending()).toBeUndefined()
        const made = yield* make(aCall("restart"))
        expect(yield* answer(made.consentId(), "tango")).toBe("granted")
        yield* close
      }),
    ))

  it("says how a PIN is set where there is none", () =>
    run(
      Effect.gen(function* () {
        const { make, pin, stop, close } = yield* guardRig()
        pin.isThere = false
        const made = yield* make(aCall("stop"))
        expect(made.result()).toEqual({
          type: "denied",
          code: "pin-not-set",
          speech: "To stop n8n you need a PIN first. Type jett pin set at the desktop.",
        })
        expect(stop.log).toEqual([])
        yield* close
      }),
    ))

  it("does not act when the container is another one by the time the PIN is given", () =>
    run(
      Effect.gen(function* () {
        const { guard, make, stop, close } = yield* guardRig()
        yield* make(aCall("stop"))
        stop.identified = () => Effect.succeed({ id: "somebody-else" })
        const result = yield* guard.confirm(guard.pending()?.consentId ?? "", "2468")
        expect(result).toMatchObject({ type: "denied", code: "identity" })
        expect(stop.log).toEqual(["identify n8n", "identify n8n"])
        yield* close
      }),
    ))

  it("goes on although whoever asked does not listen any more", () =>
    run(
      Effect.gen(function* () {
        const { guard, make, close } = yield* guardRig()
        const made = yield* make(aCall("stop"))
        yield* made.stop
        const result = yield* guard.confirm(guard.pending()?.consentId ?? "", "2468")
        expect(result).toMatchObject({ type: "receipt", outcome: "done" })
        yield* close
      }),
    ))
})
