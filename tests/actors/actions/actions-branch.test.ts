import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { describe, expect, it } from "vitest"
import { actionsBranch } from "../../../src/actors/actions/actions-branch.ts"
import type { LosableAuditLog } from "../../../src/actors/actions/standing-audit.ts"
import { makeSupervisor, type SupervisedHandle } from "../../../src/actors/supervision/supervisor.ts"
import type { AuditFailure } from "../../../src/ports/audit.ts"
import { countingLimit, done, scriptedDesk, scriptedPin, scriptedTool } from "../../support/guard-doubles.ts"
import { aCall, maker, settle, spoken } from "../../support/guard-rig.ts"
import { memoryAudit } from "../../support/memory-audit.ts"
import { simulatedClock } from "../../support/nursery.ts"

const rig = (fails = false, atOnce = true) =>
  Effect.gen(function* () {
    const clock = simulatedClock()
    const log = memoryAudit()
    const state = { fails }
    const tools = [
      scriptedTool("logs", "read"),
      scriptedTool("timer", "own"),
      scriptedTool("restart", "change"),
    ]
    const branch = actionsBranch({
      openAudit: Effect.suspend(
        (): Effect.Effect<LosableAuditLog, AuditFailure> =>
          state.fails
            ? Effect.fail({ _tag: "AuditError", reason: "full", message: "The disk is full." })
            : Effect.succeed({ ...log, lost: Effect.never }),
      ),
      tools,
      desk: scriptedDesk(),
      pin: scriptedPin(),
      limit: countingLimit,
      atOnce,
      redactor: { redact: (text) => Effect.succeed(text) },
      clock,
      wallNow: Date.now,
    })
    const scope = Scope.makeUnsafe()
    /** Starts the branch as the tree does. */
    const start = Effect.gen(function* () {
      const supervisor = yield* Scope.provide(
        makeSupervisor<SupervisedHandle>({
          id: "actions",
          strategy: "rest_for_one",
          clock,
          children: branch.children.map((child) => ({ child })),
        }),
        scope,
      )
      yield* supervisor.started
      yield* settle
      return supervisor
    })
    const [logs] = tools
    return {
      branch,
      start,
      state,
      log,
      logs,
      clock,
      make: maker(branch.guard),
      close: Scope.close(scope, Exit.void),
    }
  })

const run = <A>(effect: Effect.Effect<A, unknown>): Promise<A> => Effect.runPromise(effect)

describe("the actions' branch of the tree", () => {
  it("is the audit log and then the guard, and its tools are known before both", () =>
    run(
      Effect.gen(function* () {
        const { branch } = yield* rig()
        expect(branch.children.map(({ id }) => id)).toEqual(["audit", "guard"])
        expect(branch.guard.definitions.map(({ name }) => name)).toEqual(["logs", "timer", "restart"])
      }),
    ))

  it("refuses everything in a sentence while no guard is up", () =>
    run(
      Effect.gen(function* () {
        const { branch, make } = yield* rig()
        const made = yield* make(aCall("logs"))
        expect(made.events).toEqual([
          {
            type: "denied",
            code: "audit-unavailable",
            speech: "I can't write to my audit log, so I won't do anything.",
          },
        ])
        expect(yield* branch.guard.answer(spoken("q1", "tango"))).toBe("denied")
        expect(branch.guard.pending()).toBeUndefined()
        expect(yield* branch.guard.confirm("x", "2468")).toEqual({ type: "pin-refused", why: "not-pending" })
        yield* branch.guard.withdraw("q1")
        yield* branch.guard.deny("x")
      }),
    ))

  it("touches no log before the first call where it may never be needed, and says why one does not open", () =>
    run(
      Effect.gen(function* () {
        const { branch, start, make, close } = yield* rig(true, false)
        expect(branch.auditFailure()).toBeUndefined()
        yield* start
        expect(branch.auditFailure()).toBeUndefined()
        expect((yield* make(aCall("logs"))).result()).toMatchObject({ code: "audit-unavailable" })
        expect(branch.auditFailure()).toMatchObject({ reason: "full" })
        yield* close
      }),
    ))

  it("works through whichever life of the guard is up, and a conversation stays tainted over them", () =>
    run(
      Effect.gen(function* () {
        const { branch, start, logs, make, close } = yield* rig()
        const supervisor = yield* start
        if (logs !== undefined) logs.performed = () => Effect.succeed({ ...done(), untrusted: "words" })
        const first = yield* make(aCall("logs"))
        expect(first.result()).toMatchObject({ type: "receipt", outcome: "done" })
        yield* supervisor.stopChild("guard")
        const away = yield* make(aCall("logs"))
        expect(away.result()).toMatchObject({ code: "audit-unavailable" })
        yield* supervisor.handle("guard", 1000)
        yield* settle
        const tainted = yield* make(aCall("timer"))
        expect(tainted.events).toMatchObject([{ type: "consent-needed" }])
        expect(yield* branch.guard.answer(spoken(tainted.consentId(), "tango"))).toBe("granted")
        yield* settle
        expect(tainted.result()).toMatchObject({ type: "receipt" })
        yield* close
      }),
    ))

  it("starts although the log does not open, refuses, and works as soon as it does", () =>
    run(
      Effect.gen(function* () {
        const { start, state, make, clock, close } = yield* rig(true)
        const supervisor = yield* start
        const refused = yield* make(aCall("timer"))
        expect(refused.result()).toMatchObject({ type: "denied", code: "audit-unavailable" })
        state.fails = false
        clock.increment(3000)
        const made = yield* make(aCall("timer"))
        expect(made.result()).toMatchObject({ type: "receipt" })
        expect(supervisor.children().map(({ id, restarts }) => [id, restarts])).toEqual([
          ["audit", 0],
          ["guard", 0],
        ])
        yield* close
      }),
    ))

  it("closes what is asked when the guard goes, and tells whoever waits", () =>
    run(
      Effect.gen(function* () {
        const { start, make, log, close } = yield* rig()
        const supervisor = yield* start
        const asked = yield* make(aCall("restart"))
        expect(asked.events).toMatchObject([{ type: "consent-needed" }])
        yield* supervisor.stopChild("guard")
        yield* settle
        expect(asked.result()).toMatchObject({ type: "denied", code: "cancelled" })
        expect(log.rowsOf("denied")).toMatchObject([{ reason: "cancelled" }])
        yield* close
      }),
    ))
})
