import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { describe, expect, it } from "vitest"
import { type LosableAuditLog, standingAudit } from "../../../src/actors/actions/standing-audit.ts"
import type { AuditFailure } from "../../../src/ports/audit.ts"
import { settle } from "../../support/guard-rig.ts"
import { memoryAudit } from "../../support/memory-audit.ts"
import { simulatedClock } from "../../support/nursery.ts"

const full: AuditFailure = { _tag: "AuditError", reason: "full", message: "The disk is full." }

/** A log that can be opened, or not, and be lost. */
const disk = () => {
  const log = memoryAudit()
  const state = { opened: 0, open: 0, fails: false }
  let lost = Deferred.makeUnsafe<never, AuditFailure>()
  const open = Effect.acquireRelease(
    Effect.suspend((): Effect.Effect<LosableAuditLog, AuditFailure> => {
      state.opened++
      if (state.fails) return Effect.fail(full)
      state.open++
      lost = Deferred.makeUnsafe<never, AuditFailure>()
      return Effect.succeed({ ...log, lost: Deferred.await(lost) })
    }),
    () => Effect.sync(() => state.open--),
  )
  return {
    log,
    state,
    open,
    lose: Effect.andThen(
      Effect.sync(() => Deferred.doneUnsafe(lost, Effect.fail(full))),
      settle,
    ),
  }
}

const rig = (fails = false, atOnce = true) =>
  Effect.gen(function* () {
    const clock = simulatedClock()
    const scope = Scope.makeUnsafe()
    const files = disk()
    files.state.fails = fails
    const audit = yield* Scope.provide(standingAudit({ open: files.open, clock, atOnce }), scope)
    yield* settle
    return { ...files, clock, audit, close: Scope.close(scope, Exit.void) }
  })

const run = <A>(effect: Effect.Effect<A, unknown>): Promise<A> => Effect.runPromise(effect)

describe("the audit log as it stands", () => {
  it("is opened once, whoever asks, and closed at the end", () =>
    run(
      Effect.gen(function* () {
        const { audit, state, close } = yield* rig()
        yield* Effect.all([audit.current, audit.current, audit.current], { concurrency: "unbounded" })
        expect(state).toMatchObject({ opened: 1, open: 1 })
        yield* close
        expect(state.open).toBe(0)
        const after = yield* Effect.exit(audit.current)
        expect(Exit.isFailure(after)).toBe(true)
        expect(state.opened).toBe(1)
      }),
    ))

  it("is left alone, lock and all, until somebody needs it, where that may be never", () =>
    run(
      Effect.gen(function* () {
        const { audit, state, close } = yield* rig(false, false)
        expect(state.opened).toBe(0)
        yield* audit.current
        expect(state).toMatchObject({ opened: 1, open: 1 })
        yield* close
        expect(state.open).toBe(0)
      }),
    ))

  it("says why it does not open for as long as that is so", () =>
    run(
      Effect.gen(function* () {
        const { audit, state, clock, close } = yield* rig(true)
        expect(audit.failure()).toEqual(full)
        state.fails = false
        clock.increment(3000)
        yield* audit.current
        expect(audit.failure()).toBeUndefined()
        yield* close
      }),
    ))

  it("is a state and no crash when it does not open, and is tried again every few seconds at most", () =>
    run(
      Effect.gen(function* () {
        const { audit, state, clock, close } = yield* rig(true)
        for (let i = 0; i < 20; i++) expect(yield* Effect.flip(audit.current)).toEqual(full)
        expect(state.opened).toBe(1)
        clock.increment(2999)
        yield* Effect.flip(audit.current)
        expect(state.opened).toBe(1)
        clock.increment(1)
        state.fails = false
        yield* audit.current
        expect(state).toMatchObject({ opened: 2, open: 1 })
        yield* close
      }),
    ))

  it("is closed and opened again for the next who needs it when it was lost", () =>
    run(
      Effect.gen(function* () {
        const { audit, state, lose, close } = yield* rig()
        yield* lose
        expect(state).toMatchObject({ opened: 1, open: 0 })
        const log = yield* audit.current
        yield* log.append({ kind: "opened" })
        expect(state).toMatchObject({ opened: 2, open: 1 })
        yield* close
      }),
    ))
})
