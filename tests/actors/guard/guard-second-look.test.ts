import * as Effect from "effect/Effect"
import { describe, expect, it, vi } from "vitest"
import type { Reconciled } from "../../../src/ports/guarded-tool.ts"
import { attackRig } from "../../support/attack-rig.ts"
import { fakeDocker } from "../../support/fake-docker.ts"
import { done } from "../../support/guard-doubles.ts"
import { aCall, gate, guardRig, orphan, story, WALL_MS } from "../../support/guard-rig.ts"
import { memoryAudit } from "../../support/memory-audit.ts"

const run = <A>(effect: Effect.Effect<A, unknown>): Promise<A> => Effect.runPromise(effect)

const DAY_MS = 86_400_000

const unseen: Reconciled = { outcome: "unknown", speech: "It can't be seen.", observed: {}, unseen: true }

/** A guard that starts while the engine is away; `back` brings it back. */
const whileAway = (more: Record<string, unknown> = {}) =>
  Effect.gen(function* () {
    const first = yield* guardRig()
    yield* first.close
    const engine = { isAway: true }
    const { restart } = first
    restart.reconciled = () => Effect.sync(() => (engine.isAway ? unseen : done("It is so by now.")))
    const log = memoryAudit({ nowMs: () => WALL_MS, earlier: [orphan(more)] })
    const begin = (wallMs = WALL_MS) =>
      guardRig({ log, tools: [restart, first.stop, first.logs, first.timer], wallNow: () => wallMs })
    const looks = () => restart.log.filter((line) => line.startsWith("reconcile")).length
    return { engine, log, restart, looks, begin }
  })

describe("an intent whose container cannot be seen at the start", () => {
  it("stays open, keeps nobody else waiting, and gets its one outcome as soon as it can be seen", () =>
    run(
      Effect.gen(function* () {
        const { engine, log, begin } = yield* whileAway()
        const { make, pass, close } = yield* begin()
        expect(story(log)).toEqual(["intent"])
        const made = [yield* make(aCall("timer")), yield* make(aCall("logs"))]
        expect(made.map((one) => one.result())).toMatchObject([{ outcome: "done" }, { outcome: "done" }])
        engine.isAway = false
        yield* pass(5000)
        expect(log.rowsOf("outcome").at(-1)).toMatchObject({
          callId: "lost",
          decision: "done",
          reason: "interrupted",
        })
        yield* pass(DAY_MS)
        expect(log.rowsOf("outcome").filter(({ callId }) => callId === "lost")).toHaveLength(1)
        yield* close
      }),
    ))

  it("is looked at less and less often, and never given up in a day", () =>
    run(
      Effect.gen(function* () {
        const { looks, begin, log } = yield* whileAway()
        const { pass, close } = yield* begin()
        const after: number[] = [looks()]
        for (const seconds of [5, 5, 5, 20, 40, 80, 160, 300, 300, 300]) {
          yield* pass(seconds * 1000)
          after.push(looks())
        }
        expect(after).toEqual([1, 2, 2, 3, 4, 5, 6, 7, 8, 9, 10])
        expect(story(log)).toEqual(["intent"])
        yield* close
      }),
    ))

  it("is unknown for good when it is a day old", () =>
    run(
      Effect.gen(function* () {
        const { log, begin } = yield* whileAway()
        const { close } = yield* begin(WALL_MS - 5000 + DAY_MS - 1)
        expect(story(log)).toEqual(["intent"])
        yield* close
        const next = yield* begin(WALL_MS - 5000 + DAY_MS)
        expect(story(log)).toEqual(["intent", "outcome unknown interrupted"])
        yield* next.close
      }),
    ))

  it("is looked at by the next start, too", () =>
    run(
      Effect.gen(function* () {
        const { engine, log, begin } = yield* whileAway()
        yield* (yield* begin()).close
        engine.isAway = false
        const { close } = yield* begin()
        expect(story(log)).toEqual(["intent", "outcome done interrupted"])
        yield* close
      }),
    ))

  it("keeps that container from being changed, and no other", () =>
    run(
      Effect.gen(function* () {
        const { log, restart, begin } = yield* whileAway()
        const { make, limit, close } = yield* begin()
        const made = yield* make(aCall("restart"))
        expect(made.result()).toMatchObject({ type: "denied", code: "engine-away" })
        // The engine was asked for it.
        expect(limit.admitted).toBe(1)
        const other = yield* make(aCall("restart", "postgres"))
        expect(other.events).toMatchObject([{ type: "consent-needed" }])
        expect(restart.log.filter((line) => line.includes("perform"))).toEqual([])
        expect(story(log)).toEqual(["intent", "denied deny engine-away", "asked confirm word"])
        yield* close
      }),
    ))

  it("is closed before its container is changed again, and that is asked about as ever", () =>
    run(
      Effect.gen(function* () {
        const { engine, log, restart, begin } = yield* whileAway()
        const { make, answer, pass, close } = yield* begin()
        engine.isAway = false
        const made = yield* make(aCall("restart"))
        expect(story(log)).toEqual(["intent", "outcome done interrupted", "asked confirm word"])
        yield* answer(made.consentId(), "tango")
        yield* pass(DAY_MS)
        expect(made.result()).toMatchObject({ type: "receipt", outcome: "done" })
        expect(restart.log.filter((line) => line.startsWith("reconcile"))).toHaveLength(2)
        expect(log.rowsOf("outcome")).toHaveLength(2)
        yield* close
      }),
    ))

  it("does not hold a change up for long where the engine hangs", () =>
    run(
      Effect.gen(function* () {
        const { restart, begin } = yield* whileAway()
        const { make, pass, close } = yield* begin()
        restart.reconciled = () => Effect.never
        const made = yield* make(aCall("restart"))
        yield* pass(4000)
        expect(made.result()).toMatchObject({ type: "denied", code: "engine-away" })
        yield* close
      }),
    ))

  it("is not done again by a call of the same id, which hears what became of it", () =>
    run(
      Effect.gen(function* () {
        const { engine, restart, begin } = yield* whileAway()
        const { make, pass, close } = yield* begin()
        const again = () => make(aCall("restart", "n8n", { callId: "lost" }))
        expect((yield* again()).result()).toMatchObject({ type: "receipt", outcome: "unknown" })
        engine.isAway = false
        yield* pass(5000)
        expect((yield* again()).result()).toMatchObject({ type: "receipt", outcome: "done" })
        expect(restart.log.filter((line) => line.includes("perform"))).toEqual([])
        yield* close
      }),
    ))

  it("gets one outcome also where the row of the first one was not acknowledged", () =>
    run(
      Effect.gen(function* () {
        const { engine, log: inner, restart, begin: _ } = yield* whileAway()
        let isLost = false
        const log = {
          ...inner,
          append: (entry: Parameters<typeof inner.append>[0]) =>
            Effect.flatMap(inner.append(entry), (row) =>
              isLost
                ? Effect.fail({ _tag: "AuditError", reason: "failed", message: "No answer." } as const)
                : Effect.succeed(row),
            ),
        }
        const { make, pass, close } = yield* guardRig({
          ...{ log: inner, audit: Effect.succeed(log), tools: [restart], wallNow: () => WALL_MS },
        })
        engine.isAway = false
        isLost = true
        yield* pass(5000)
        expect(story(inner)).toEqual(["intent", "outcome done interrupted"])
        isLost = false
        yield* pass(10_000)
        yield* make(aCall("restart"))
        yield* pass(DAY_MS)
        expect(inner.rowsOf("outcome")).toHaveLength(1)
        yield* close
      }),
    ))

  it("is not settled twice by a call and by the guard itself at once", () =>
    run(
      Effect.gen(function* () {
        const { log, restart, begin } = yield* whileAway()
        const { make, pass, close } = yield* begin()
        const seen = gate<Reconciled>()
        restart.reconciled = () => seen.wait
        yield* pass(5000)
        const made = yield* make(aCall("restart"))
        yield* seen.open(done())
        expect(made.events).toMatchObject([{ type: "consent-needed" }])
        expect(log.rowsOf("outcome")).toHaveLength(1)
        yield* close
      }),
    ))
})

it("with Docker's protocol: an engine that is away at the start is asked when it is back", async () => {
  const docker = await fakeDocker()
  const { id } = docker.state.add("n8n", { startedAtMs: Date.now() - 5000 })
  await docker.crash()
  const about = { tool: "restart_container", targetId: id, atMs: Date.now() - 10_000 }
  const log = memoryAudit({ earlier: [orphan(about)] })
  const rig = await attackRig({ docker, log })
  await vi.waitFor(async () => {
    const refused = await rig.result("restart_container", { container: "n8n" })
    expect(refused).toMatchObject({ type: "denied", code: "engine-away" })
  })
  expect((await run(log.orphans)).map(({ row }) => row.callId)).toEqual(["lost"])
  expect(docker.bytes().length).toBe(0)
  await docker.restart()
  await vi.waitFor(async () => {
    rig.clock.increment(300_000)
    expect(log.rowsOf("outcome")).toMatchObject([{ callId: "lost", decision: "done" }])
  })
  expect(docker.changes()).toEqual([])
  const asked = await rig.call("restart_container", { container: "n8n" }).next()
  expect(asked.type).toBe("consent-needed")
  await rig.close()
})
