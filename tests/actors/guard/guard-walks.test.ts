import * as Effect from "effect/Effect"
import { expect, it } from "vitest"
import type { AuditKind } from "../../../src/ports/audit.ts"
import type { OperationOutcome } from "../../../src/ports/guard.ts"
import type { Performed } from "../../../src/ports/guarded-tool.ts"
import { done, type ScriptedTool } from "../../support/guard-doubles.ts"
import { aCall, guardRig, type Made } from "../../support/guard-rig.ts"
import { seededRandom } from "../../support/seeded-random.ts"

const SEED = Number(process.env["JETT_SEED"] ?? Date.now() % 1_000_000)
const WALKS = 12
const STEPS = 40

const kinds: readonly AuditKind[] = ["asked", "consent", "intent", "outcome", "denied"]

/** One guard, and somebody who does anything at any time, with a disk, an engine and tools that fail at any time. */
const walk = (seed: number) =>
  Effect.gen(function* () {
    const random = seededRandom(seed)
    const pick = <A>(items: readonly [A, ...A[]]): A => items[Math.floor(random() * items.length)] ?? items[0]
    const rig = yield* guardRig()
    const { guard, log, logs, restart, stop, timer } = rig
    const tools = [logs, restart, stop, timer]
    const made: Made[] = []
    const calls = [aCall("logs")]
    const broken: string[] = []
    const count = { performed: 0, changed: 0 }

    const performs = (tool: ScriptedTool, how: () => Effect.Effect<Performed>) => {
      tool.performed = () =>
        Effect.suspend(() => {
          count.performed++
          if (tool === restart || tool === stop) count.changed++
          if (count.performed > log.rowsOf("intent").length) broken.push("performed without an intent")
          const granted = log.rowsOf("consent").filter(({ decision }) => decision === "granted").length
          if (count.changed > granted) broken.push("changed without consent")
          return how()
        })
    }
    const heal = () => {
      log.heal()
      for (const tool of tools) {
        performs(tool, () => Effect.succeed(done()))
        tool.identified = (container) => Effect.succeed({ id: `id-of-${container}` })
        tool.reconciled = () => Effect.succeed(done())
      }
    }
    heal()

    const deeds: readonly [() => Effect.Effect<unknown>, ...(() => Effect.Effect<unknown>)[]] = [
      () => start(),
      () => start(),
      () => start(),
      () => rig.answer(openQuestion(), pick(["tango", "tango", "tango", "no", "again", "", "late"])),
      () => rig.answer(openQuestion(), "tango"),
      () => guard.withdraw(openQuestion()),
      () => made.at(Math.floor(random() * made.length))?.stop ?? Effect.void,
      () => rig.pass(pick([1, 500, 5000, 20_000, 75_000, 130_000])),
      () => Effect.sync(() => log.fail("full", pick(kinds as [AuditKind, ...AuditKind[]]))),
      () => Effect.sync(() => log.fail("unavailable")),
      () => Effect.sync(() => log.pause()),
      () => Effect.sync(heal),
      () => Effect.sync(heal),
      () => {
        const tool = pick([logs, restart, stop, timer])
        const outcome = pick<OperationOutcome>(["unknown", "failed", "done"])
        performs(
          tool,
          pick<() => Effect.Effect<Performed>>([
            () => Effect.never,
            () => Effect.die("a bug"),
            () => Effect.succeed({ ...done(), outcome, untrusted: "words" }),
          ]),
        )
        return Effect.void
      },
      () => {
        const tool = pick([logs, restart, stop])
        tool.identified = pick([
          () => Effect.never,
          () => Effect.die("a bug"),
          () => Effect.succeed({ id: `id-${random()}` }),
          () => Effect.fail({ code: "engine-away" as const, speech: "The engine is away." }),
        ])
        return Effect.void
      },
      () =>
        Effect.sync(() =>
          Effect.runFork(guard.confirm(guard.pending()?.consentId ?? "x", pick(["2468", "1"]))),
        ),
      () => guard.deny(guard.pending()?.consentId ?? "x"),
    ]
    const start = () => {
      const old = random() < 0.15 ? calls.at(-1) : undefined
      const call =
        old ?? aCall(pick(["logs", "restart", "stop", "timer"]), pick(["n8n", "postgres", "other"]))
      calls.push(call)
      return Effect.map(rig.make(call, { conversationId: pick(["a", "b"]) }), (one) => made.push(one))
    }
    const openQuestion = (): string =>
      made.findLast((one) => one.result() === undefined)?.consentId() ?? "none"

    for (let step = 0; step < STEPS; step++) yield* pick(deeds)()
    heal()
    for (let i = 0; i < 4; i++) yield* rig.pass(1_000_000)
    return { ...rig, broken, made }
  })

it.each(Array.from({ length: WALKS }, (_, i) => SEED + i))(
  "answers every call and leaves nothing open, whatever happens (JETT_SEED=%i)",
  (seed) =>
    Effect.gen(function* () {
      const { broken, made, log, make, answer, guard, desk, pass, close } = yield* walk(seed)
      expect(broken).toEqual([])
      expect(made.filter((one) => one.result() === undefined && !one.stopped())).toEqual([])
      expect(guard.pending()).toBeUndefined()
      expect(desk.isPending(0)).toBe(false)
      const later = yield* make(aCall("restart", "n8n"))
      yield* answer(later.consentId(), "tango")
      expect(later.result()).toMatchObject({ type: "receipt", outcome: "done" })
      yield* pass(0)
      expect(yield* log.orphans).toEqual([])
      const intents = log.rowsOf("intent").map(({ callId }) => callId)
      expect(
        log
          .rowsOf("outcome")
          .map(({ callId }) => callId)
          .sort(),
      ).toEqual([...intents].sort())
      yield* close
    }).pipe(Effect.runPromise),
)
