import * as Effect from "effect/Effect"
import { describe, expect, it } from "vitest"
import { RateLimit } from "../../../src/security/rate-limit.ts"
import { done } from "../../support/guard-doubles.ts"
import { aCall, gate, guardRig, orphan, story, WALL_MS } from "../../support/guard-rig.ts"
import { memoryAudit } from "../../support/memory-audit.ts"

const run = <A>(effect: Effect.Effect<A, unknown>): Promise<A> => Effect.runPromise(effect)

describe("the same call id", () => {
  it("acts once, whether it runs or is over", () =>
    run(
      Effect.gen(function* () {
        const { make, logs, limit, close } = yield* guardRig()
        const held = gate<void>()
        logs.performed = () => Effect.as(held.wait, done())
        const call = aCall("logs")
        const [first, second] = [yield* make(call), yield* make(call)]
        yield* held.open()
        const third = yield* make({ ...call, arguments: { ...call.arguments } })
        expect(first.result()).toMatchObject({ type: "receipt", outcome: "done" })
        expect([second.result(), third.result()]).toEqual([first.result(), first.result()])
        expect(logs.log.filter((line) => line.startsWith("perform"))).toHaveLength(1)
        expect(limit.admitted).toBe(1)
        yield* close
      }),
    ))

  it("is refused for another call, and that leaves a row", () =>
    run(
      Effect.gen(function* () {
        const { make, log, restart, close } = yield* guardRig()
        const call = aCall("logs")
        yield* make(call)
        const made = yield* make({ ...call, name: "restart" })
        const other = yield* make({ ...call, arguments: { container: "postgres" } })
        expect([made.result(), other.result()]).toMatchObject([{ code: "malformed" }, { code: "malformed" }])
        expect(restart.log).toEqual([])
        expect(story(log).slice(2)).toEqual(["denied deny malformed", "denied deny malformed"])
        yield* close
      }),
    ))

  it("does not act again after a restart", () =>
    run(
      Effect.gen(function* () {
        const first = yield* guardRig()
        const call = aCall("timer")
        yield* first.make(call)
        yield* first.close
        const second = yield* guardRig({ log: first.log })
        const made = yield* second.make(call)
        expect(made.result()).toMatchObject({
          type: "receipt",
          outcome: "done",
          speech: "I did that already.",
          receiptId: first.log.rows.at(-1)?.hash,
        })
        expect(second.timer.log).toEqual([])
        yield* second.close
      }),
    ))

  it("does not act again either when it comes before the log could be read", () =>
    run(
      Effect.gen(function* () {
        const first = yield* guardRig()
        const call = aCall("timer")
        yield* first.make(call)
        yield* first.close
        const { log } = first
        const rows = log.rows.length
        log.fail("locked")
        const second = yield* guardRig({ log })
        log.heal()
        const made = yield* second.make(call)
        expect(made.result()).toMatchObject({ type: "receipt", speech: "I did that already." })
        expect(second.timer.log).toEqual([])
        expect(log.rows).toHaveLength(rows)
        yield* second.close
      }),
    ))
})

describe("what an earlier life left open", () => {
  it("is looked at when the guard starts, and gets its outcome", () =>
    run(
      Effect.gen(function* () {
        const { log, restart, close } = yield* guardRig({ earlier: [orphan()] })
        expect(restart.log).toEqual(["reconcile n8n"])
        expect(log.rows.at(-1)).toMatchObject({
          kind: "outcome",
          callId: "lost",
          tool: "restart",
          targetId: "id-of-n8n",
          decision: "done",
          reason: "interrupted",
          payload: { observed: { state: "running" } },
        })
        yield* close
      }),
    ))

  it.each([
    ["whose tool is not there any more", { tool: "gone" }],
    ["whose arguments are erased", { payload: undefined }],
    ["whose arguments are not the tool's", { payload: { arguments: { container: "n8n/../portainer" } } }],
    ["whose container is not that of its arguments", { container: "postgres" }],
    ["whose tier is another by now", { tier: "danger" as const }],
  ])("is unknown, and nobody is asked, for an intent %s", (_, more) =>
    run(
      Effect.gen(function* () {
        const { log, restart, close } = yield* guardRig({ earlier: [orphan(more)] })
        expect(restart.log).toEqual([])
        expect(story(log).at(-1)).toBe("outcome unknown interrupted")
        yield* close
      }),
    ),
  )

  it("is settled before anything begins, and left open when nobody can tell in time", () =>
    run(
      Effect.gen(function* () {
        const rig = yield* guardRig({ earlier: [orphan()] })
        expect(story(rig.log)).toHaveLength(2)
        yield* rig.close
        const { make, log, timer, pass, close } = yield* guardRig({
          earlier: [orphan()],
          tools: [{ ...rig.restart, reconcile: () => Effect.never }, rig.timer],
        })
        const made = yield* make(aCall("timer"))
        expect(made.events).toEqual([])
        expect(timer.log).toEqual([])
        yield* pass(15_000)
        expect(made.result()).toMatchObject({ type: "receipt" })
        expect(story(log)).toEqual(["intent", "intent allow", "outcome done"])
        expect((yield* log.orphans).map(({ row }) => row.callId)).toEqual(["lost"])
        yield* close
      }),
    ))

  it("is closed by the next life when the guard was stopped in the middle of it", () =>
    run(
      Effect.gen(function* () {
        const first = yield* guardRig()
        first.logs.performed = () => Effect.never
        const made = yield* first.make(aCall("logs"))
        yield* first.close
        expect(made.result()).toMatchObject({ type: "receipt", outcome: "unknown" })
        expect(story(first.log)).toEqual(["intent allow"])
        const second = yield* guardRig({ log: first.log })
        expect(second.logs.log).toEqual(["reconcile n8n"])
        expect(story(first.log)).toEqual(["intent allow", "outcome done interrupted"])
        yield* second.close
      }),
    ))

  it("has one outcome, also where it ends while the log is put in order", () =>
    run(
      Effect.gen(function* () {
        const inner = memoryAudit()
        let reading: Effect.Effect<void> = Effect.void
        const slow = { ...inner, orphans: Effect.tap(inner.orphans, () => Effect.suspend(() => reading)) }
        const { make, logs, close } = yield* guardRig({ log: inner, audit: Effect.succeed(slow) })
        const [performing, read] = [gate<void>(), gate<void>()]
        logs.performed = () => Effect.as(performing.wait, done())
        const first = yield* make(aCall("logs"))
        // A row of which nobody knows whether it was written: the next call looks for open intents, the first one's too.
        inner.fail("full", "intent")
        yield* make(aCall("logs", "postgres"))
        inner.heal()
        reading = read.wait
        yield* make(aCall("timer"))
        yield* performing.open()
        expect(first.result()).toMatchObject({ type: "receipt", outcome: "done" })
        yield* read.open()
        expect(logs.log).not.toContain("reconcile n8n")
        expect(story(inner)).toEqual([
          "intent allow",
          "denied deny audit-unavailable",
          "outcome done",
          "intent allow",
          "outcome done",
        ])
        yield* close
      }),
    ))

  it("waits a while for what is being done when the guard is stopped", () =>
    run(
      Effect.gen(function* () {
        const { make, log, logs, close } = yield* guardRig()
        const held = gate<void>()
        logs.performed = () => Effect.as(held.wait, done())
        const made = yield* make(aCall("logs"))
        const asked = yield* make(aCall("restart", "postgres"))
        const closing = Effect.runPromise(close)
        yield* held.open()
        yield* Effect.promise(() => closing)
        expect(made.result()).toMatchObject({ type: "receipt", outcome: "done" })
        expect(asked.result()).toMatchObject({ type: "denied", code: "cancelled" })
        expect(yield* log.orphans).toEqual([])
      }),
    ))
})

describe("the rate", () => {
  it("is counted when calls are admitted, also for those that come at once", () =>
    run(
      Effect.gen(function* () {
        const { make, log, close } = yield* guardRig({
          limit: new RateLimit({ perMinute: 10, deniedPerMinute: 1000 }),
        })
        const made = yield* Effect.all(
          Array.from({ length: 50 }, () => make(aCall("logs"))),
          { concurrency: "unbounded" },
        )
        const kinds = made.map((one) => {
          const result = one.result()
          return result?.type === "denied" ? result.code : result?.type
        })
        expect(kinds.filter((kind) => kind === "receipt")).toHaveLength(10)
        expect(kinds.filter((kind) => kind === "rate-limited")).toHaveLength(40)
        expect(log.rowsOf("denied")).toHaveLength(40)
        yield* close
      }),
    ))

  it("goes on over a restart, and over a wall clock that was put back", () =>
    run(
      Effect.gen(function* () {
        const rows = (ages: readonly number[]) =>
          ages.flatMap((age, i) => [
            { kind: "intent" as const, callId: `old-${i}`, tool: "logs", atMs: WALL_MS - age },
            { kind: "outcome" as const, callId: `old-${i}`, decision: "done", atMs: WALL_MS - age },
          ])
        const { limit, close } = yield* guardRig({
          earlier: [
            { kind: "asked", callId: "asked", atMs: WALL_MS - 50_000 },
            { kind: "intent", callId: "asked", atMs: WALL_MS - 40_000 },
            { kind: "outcome", callId: "asked", decision: "done", atMs: WALL_MS - 40_000 },
            { kind: "denied", callId: "no", reason: "malformed", atMs: WALL_MS - 1000 },
            ...rows([90_000, 30_000, 0, -3_600_000]),
          ],
        })
        expect(limit.seeded).toEqual([50_000, 30_000, 0, -3_600_000])
        expect(limit.seededDenials).toEqual([1000])
        yield* close
      }),
    ))

  it("writes of a flood of denials only as many down as it may, and how many it did not", () =>
    run(
      Effect.gen(function* () {
        const { make, log, limit, close } = yield* guardRig()
        limit.mostDenials = 2
        for (let i = 0; i < 6; i++) yield* make(aCall("nothing"))
        expect(log.rows.map(({ payload }) => payload?.["moreAreNotWritten"] ?? false)).toEqual([
          false,
          false,
          true,
        ])
        limit.mostDenials = 10
        const made = yield* make(aCall("nothing"))
        expect(made.result()).toMatchObject({ type: "denied", code: "unknown-tool" })
        expect(log.rows.at(-1)?.payload).toMatchObject({ unwritten: 3 })
        expect(log.rows).toHaveLength(4)
        yield* close
      }),
    ))
})
