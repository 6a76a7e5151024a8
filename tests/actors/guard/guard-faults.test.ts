import * as Effect from "effect/Effect"
import { describe, expect, it } from "vitest"
import { defaultGuardTimes } from "../../../src/actors/guard/guard-times.ts"
import type { AuditFailure, AuditKind } from "../../../src/ports/audit.ts"
import { done } from "../../support/guard-doubles.ts"
import { aCall, gate, guardRig, settle, story } from "../../support/guard-rig.ts"

const run = <A>(effect: Effect.Effect<A, unknown>): Promise<A> => Effect.runPromise(effect)

const acted = (log: readonly string[]): boolean => log.some((line) => line.startsWith("perform"))
const away: AuditFailure = { _tag: "AuditError", reason: "unavailable", message: "It is away." }

describe("without a row, no action", () => {
  it.each<[AuditKind, readonly string[]]>([
    ["asked", []],
    ["consent", ["identify n8n"]],
    ["intent", ["identify n8n", "identify n8n"]],
  ])("does nothing when the row %j cannot be written", (kind, touched) =>
    run(
      Effect.gen(function* () {
        const { make, answer, log, restart, close } = yield* guardRig()
        log.fail("full", kind)
        const made = yield* make(aCall("restart"))
        yield* answer(made.consentId(), "tango")
        expect(made.result()).toMatchObject({ type: "denied", code: "audit-unavailable" })
        expect(restart.log).toEqual(touched)
        yield* close
      }),
    ),
  )

  it.each<[AuditKind]>([["asked"], ["consent"], ["intent"]])(
    "does nothing when the row %j is not acknowledged in time, nor when that comes late",
    (kind) =>
      run(
        Effect.gen(function* () {
          const { make, guard, log, restart, pass, answer, close } = yield* guardRig()
          if (kind === "asked") log.pause()
          const made = yield* make(aCall("restart"))
          if (kind === "consent") log.pause()
          // The verdict's own row goes through, and the next one does not.
          if (kind === "intent") {
            const held = gate<{ readonly id: string }>()
            restart.identified = () => held.wait
            yield* answer(made.consentId(), "tango")
            log.pause()
            yield* held.open({ id: "id-of-n8n" })
          } else yield* guard.answer({ type: "typed", consentId: made.consentId(), text: "tango" })
          yield* pass(5000)
          log.resume()
          yield* pass(5000)
          expect(made.result()).toMatchObject({ type: "denied", code: "audit-unavailable" })
          expect(acted(restart.log)).toBe(false)
          yield* close
        }),
      ),
  )

  it("does not even ask the engine for a read when its intent cannot be written", () =>
    run(
      Effect.gen(function* () {
        const { make, log, logs, close } = yield* guardRig()
        log.fail("read-only", "intent")
        const made = yield* make(aCall("logs"))
        expect(made.result()).toMatchObject({ type: "denied", code: "audit-unavailable" })
        expect(logs.log).toEqual([])
        yield* close
      }),
    ))

  it("closes an intent that was written too late before anything else begins", () =>
    run(
      Effect.gen(function* () {
        const { make, log, logs, pass, close } = yield* guardRig()
        log.pause()
        yield* make(aCall("logs", "n8n", { callId: "late" }))
        yield* pass(5000)
        yield* pass(5000)
        // As the real log does it: a row whose caller gave up is written all the same.
        log.heal()
        yield* log.append({ kind: "intent", callId: "late", tool: "logs", container: "n8n", tier: "read" })
        const next = yield* make(aCall("logs"))
        expect(next.result()).toMatchObject({ type: "receipt" })
        expect(logs.log).toEqual(["identify n8n", "perform n8n id-of-n8n"])
        expect(story(log)).toEqual([
          "intent",
          "outcome not-begun audit-unavailable",
          "intent allow",
          "outcome done",
        ])
        yield* close
      }),
    ))

  it("closes an intent whose acknowledgement comes in the moment that it is given up", () =>
    run(
      Effect.gen(function* () {
        const { make, log, logs, clock, close } = yield* guardRig()
        log.pause()
        const made = yield* make(aCall("logs"))
        // The row is written, and the deadline goes off before anybody is told.
        log.resume()
        clock.increment(5000)
        yield* settle
        expect(made.result()).toMatchObject({ type: "denied", code: "audit-unavailable" })
        expect(log.rowsOf("intent")).toHaveLength(1)
        yield* make(aCall("timer"))
        expect(logs.log).toEqual([])
        expect(yield* log.orphans).toEqual([])
        expect(story(log)).toContain("outcome not-begun audit-unavailable")
        yield* close
      }),
    ))

  it("refuses everything as long as there is no log, and goes on as soon as there is one", () =>
    run(
      Effect.gen(function* () {
        const state = { isThere: false }
        const found = yield* guardRig()
        const rig = yield* guardRig({
          audit: Effect.suspend(() =>
            state.isThere ? Effect.succeed(found.log) : Effect.fail<AuditFailure>(away),
          ),
        })
        for (const name of ["logs", "restart", "timer"]) {
          const made = yield* rig.make(aCall(name))
          expect(made.result()).toMatchObject({ type: "denied", code: "audit-unavailable" })
        }
        expect([...rig.logs.log, ...rig.restart.log, ...rig.timer.log]).toEqual([])
        expect(rig.limit.admitted).toBe(0)
        state.isThere = true
        const made = yield* rig.make(aCall("logs"))
        expect(made.result()).toMatchObject({ type: "receipt" })
        yield* rig.close
        yield* found.close
      }),
    ))
})

describe("an outcome that cannot be written down", () => {
  it("is told honestly, and the guard does nothing more until it is on record", () =>
    run(
      Effect.gen(function* () {
        const { make, log, logs, timer, close } = yield* guardRig()
        log.fail("full", "outcome", "denied")
        const made = yield* make(aCall("logs"))
        const speech =
          "It is done. I couldn't write that down in my audit log, so I won't do anything more until I can."
        expect(made.result()).toMatchObject({ type: "receipt", outcome: "done", speech })
        const next = yield* make(aCall("timer"))
        expect(next.result()).toMatchObject({ type: "denied", code: "audit-unavailable" })
        expect(timer.log).toEqual([])
        log.heal()
        const later = yield* make(aCall("timer"))
        expect(later.result()).toMatchObject({ type: "receipt" })
        // It is remembered how it ended: nobody has to be asked.
        expect(logs.log).toEqual(["identify n8n", "perform n8n id-of-n8n"])
        expect(story(log)).toEqual(["intent allow", "outcome done", "intent allow", "outcome done"])
        expect(log.rows.map(({ tool }) => tool)).toEqual(["logs", "logs", "timer", "timer"])
        yield* close
      }),
    ))

  it("is told honestly as well when the disk hangs", () =>
    run(
      Effect.gen(function* () {
        const { make, log, logs, pass, close } = yield* guardRig()
        const held = gate<void>()
        logs.performed = () => Effect.as(held.wait, done())
        const made = yield* make(aCall("logs"))
        log.pause()
        yield* held.open()
        yield* pass(5000)
        expect(made.result()).toMatchObject({ type: "receipt", outcome: "done" })
        expect(made.result()?.speech).toContain("couldn't write that down")
        log.heal()
        yield* close
      }),
    ))
})

describe("a tool that misbehaves", () => {
  it("is unknown after a defect, and then looked at", () =>
    run(
      Effect.gen(function* () {
        const { make, log, logs, close } = yield* guardRig()
        logs.performed = () => Effect.die("a bug")
        const made = yield* make(aCall("logs"))
        expect(made.result()).toMatchObject({ outcome: "done", speech: "It is so by now." })
        logs.reconciled = () => Effect.die("another bug")
        const next = yield* make(aCall("logs"))
        expect(next.result()).toMatchObject({
          outcome: "unknown",
          speech: "I tried to logs n8n, but I don't know whether it worked.",
        })
        expect(story(log).filter((row) => row.startsWith("outcome"))).toEqual([
          "outcome done",
          "outcome unknown",
        ])
        yield* close
      }),
    ))

  it("is unknown when it never ends, and never said as done", () =>
    run(
      Effect.gen(function* () {
        const { make, logs, pass, close } = yield* guardRig()
        logs.performed = () => Effect.never
        logs.reconciled = () => Effect.never
        const made = yield* make(aCall("logs"))
        yield* pass(defaultGuardTimes.executeMs)
        expect(logs.log.at(-1)).toBe("reconcile n8n")
        yield* pass(defaultGuardTimes.reconcileMs)
        expect(made.result()).toMatchObject({ type: "receipt", outcome: "unknown" })
        yield* close
      }),
    ))

  it("is asked what became of it when it does not know itself", () =>
    run(
      Effect.gen(function* () {
        const { make, logs, close } = yield* guardRig()
        logs.performed = () => Effect.succeed({ outcome: "unknown", speech: "Who knows.", observed: {} })
        const made = yield* make(aCall("logs"))
        expect(made.result()).toMatchObject({ outcome: "done", speech: "It is so by now." })
        yield* close
      }),
    ))

  it.each([
    ["fails", Effect.fail({ code: "engine-away", speech: "The engine is away." } as const), "engine-away"],
    ["hangs", Effect.never, "engine-away"],
    ["has a bug", Effect.die("a bug"), "internal"],
  ] as const)("is not run when identifying %s, and the intent is closed", (_, identified, code) =>
    run(
      Effect.gen(function* () {
        const { make, answer, log, logs, restart, pass, close } = yield* guardRig()
        logs.identified = () => identified
        restart.identified = () => identified
        const read = yield* make(aCall("logs"))
        const change = yield* make(aCall("restart", "postgres"))
        yield* answer(change.consentId(), "tango")
        yield* pass(10_000)
        expect([read.result(), change.result()]).toMatchObject([
          { type: "denied", code },
          { type: "denied", code },
        ])
        expect(acted([...logs.log, ...restart.log])).toBe(false)
        expect(story(log)).toContain(`outcome not-begun ${code}`)
        expect(yield* log.orphans).toEqual([])
        yield* close
      }),
    ),
  )

  it("is a denial when its prepare throws, or makes an operation of another tool", () =>
    run(
      Effect.gen(function* () {
        const { make, logs, restart, close } = yield* guardRig()
        Object.assign(logs, { prepare: restart.prepare })
        const made = yield* make(aCall("logs"))
        expect(made.result()).toMatchObject({ type: "denied", code: "internal" })
        Object.assign(logs, {
          prepare: () => {
            throw new Error("a bug")
          },
        })
        const next = yield* make(aCall("logs"))
        expect(next.result()).toMatchObject({ type: "denied", code: "internal" })
        yield* close
      }),
    ))
})

describe("others that misbehave", () => {
  it("is a denial when the desk throws", () =>
    run(
      Effect.gen(function* () {
        const { make, answer, desk, restart, close } = yield* guardRig()
        const made = yield* make(aCall("restart"))
        desk.broken = true
        expect(yield* answer(made.consentId(), "tango")).toBe("denied")
        expect(made.result()).toMatchObject({ type: "denied", code: "internal" })
        expect(acted(restart.log)).toBe(false)
        yield* close
      }),
    ))

  it("is a denial when it is not known whether there is a PIN", () =>
    run(
      Effect.gen(function* () {
        const { make, stop, pass, close } = yield* guardRig({
          pin: { isSet: Effect.never, verify: () => Effect.succeed("right") },
        })
        const made = yield* make(aCall("stop"))
        yield* pass(20_000)
        expect(made.result()).toMatchObject({ type: "denied" })
        expect(stop.log).toEqual([])
        yield* close
      }),
    ))

  it("withholds what the redactor cannot look at", () =>
    run(
      Effect.gen(function* () {
        const { make, log, logs, close } = yield* guardRig({
          redactor: {
            redact: () => {
              throw new Error("a bug")
            },
          },
        })
        logs.performed = () =>
          Effect.succeed({ ...done(), observed: { line: "hunter2" }, untrusted: "hunter2" })
        const made = yield* make(aCall("logs"))
        expect(made.result()).toMatchObject({ untrusted: "[withheld]", observed: { payload: "[withheld]" } })
        expect(JSON.stringify(log.rows)).not.toContain("hunter2")
        yield* close
      }),
    ))
})

describe("a call that nobody wants any more", () => {
  it("does nothing if nothing was begun, and leaves its row", () =>
    run(
      Effect.gen(function* () {
        const { make, log, restart, desk, close } = yield* guardRig()
        const made = yield* make(aCall("restart"))
        yield* made.stop
        expect(story(log)).toEqual(["asked confirm word", "denied deny cancelled"])
        expect(desk.isPending(0)).toBe(false)
        expect(restart.log).toEqual(["identify n8n"])
        yield* close
      }),
    ))

  it("is not interrupted in what it does, and is on record", () =>
    run(
      Effect.gen(function* () {
        const { make, log, logs, close } = yield* guardRig()
        const held = gate<void>()
        logs.performed = () => Effect.as(held.wait, done())
        const made = yield* make(aCall("logs"))
        yield* made.stop
        yield* held.open()
        expect(story(log)).toEqual(["intent allow", "outcome done"])
        yield* close
      }),
    ))

  it("closes its intent if it was just being written", () =>
    run(
      Effect.gen(function* () {
        const { make, log, logs, pass, close } = yield* guardRig()
        log.pause()
        const made = yield* make(aCall("logs"))
        yield* made.stop
        log.resume()
        yield* pass(0)
        expect(story(log)).toEqual(["intent allow", "outcome not-begun cancelled"])
        expect(logs.log).toEqual([])
        yield* close
      }),
    ))

  it("goes on as long as somebody else waits for the same call", () =>
    run(
      Effect.gen(function* () {
        const { make, answer, close } = yield* guardRig()
        const call = aCall("restart")
        const first = yield* make(call)
        const second = yield* make(call)
        yield* first.stop
        expect(second.consentId()).toBe("q1")
        yield* answer("q1", "tango")
        expect(second.result()).toMatchObject({ type: "receipt" })
        yield* close
      }),
    ))
})
