import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { makeGuard } from "../../src/actors/guard/guard.ts"
import type { Guard, GuardOptions } from "../../src/actors/guard/guard-types.ts"
import type { ConsentAnswer } from "../../src/ports/consent.ts"
import type { CallContext, ToolCall, ToolEvent, ToolResult } from "../../src/ports/tools.ts"
import { countingLimit, scriptedDesk, scriptedPin, scriptedTool } from "./guard-doubles.ts"
import { type MemoryAudit, type MemoryAuditOptions, memoryAudit } from "./memory-audit.ts"
import { simulatedClock, tick } from "./nursery.ts"

/** Ten rounds of the event loop: whatever is ready has happened by then, over several machines too. */
export const settle = Effect.gen(function* () {
  for (let round = 0; round < 10; round++) yield* tick
})

/** A call that was made, as its caller sees it. */
export interface Made {
  readonly events: ToolEvent[]
  /** The last event, if it is a result. */
  result(): ToolResult | undefined
  /** The question asked last. */
  consentId(): string
  /** Nobody listens any more. */
  readonly stop: Effect.Effect<void>
  stopped(): boolean
}

export interface GuardRigOptions extends Partial<GuardOptions> {
  readonly audit?: GuardOptions["audit"]
  readonly log?: MemoryAudit
  readonly earlier?: MemoryAuditOptions["earlier"]
}

/** What the wall clock says when a rig begins. */
export const WALL_MS = 1_800_000_000_000

/** A guard over doubles, on a simulated clock; it ends with `close`. */
export const guardRig = (given: GuardRigOptions = {}) =>
  Effect.gen(function* () {
    const clock = simulatedClock()
    const wall = { ms: WALL_MS }
    const { log: given_, earlier, ...options } = given
    const log = given_ ?? memoryAudit({ nowMs: () => wall.ms, earlier })
    const restart = scriptedTool("restart", "change")
    const stop = scriptedTool("stop", "danger")
    const logs = scriptedTool("logs", "read")
    const timer = scriptedTool("timer", "own")
    const desk = scriptedDesk()
    const limit = countingLimit()
    const pin = scriptedPin()
    const scope = Scope.makeUnsafe()
    const guard = yield* Scope.provide(
      makeGuard({
        tools: [restart, stop, logs, timer],
        audit: Effect.succeed(log),
        desk,
        pin,
        limit,
        redactor: { redact: (text) => Effect.succeed(text.replaceAll("hunter2", "[redacted]")) },
        clock,
        wallNow: () => wall.ms,
        ...options,
      }),
      scope,
    )
    const make = maker(guard)
    /** Time goes by, for the guard and for the wall. */
    const pass = (ms: number) =>
      Effect.gen(function* () {
        wall.ms += ms
        clock.increment(ms)
        yield* settle
      })
    const answer = (consentId: string, transcript: string) =>
      Effect.andThen(guard.answer(spoken(consentId, transcript)), (verdict) => Effect.as(settle, verdict))
    /** What still hangs is not waited for longer than the guard would. */
    const close = Effect.gen(function* () {
      const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void))
      yield* settle
      clock.increment(3000)
      yield* Fiber.join(closing)
      yield* settle
    })
    yield* settle
    return {
      guard,
      clock,
      wall,
      log,
      desk,
      limit,
      pin,
      restart,
      stop,
      logs,
      timer,
      make,
      pass,
      answer,
      close,
    }
  })

export const spoken = (consentId: string, transcript: string): ConsentAnswer => ({
  type: "spoken",
  consentId,
  transcript,
  confidence: 0.9,
  audioStartMs: 1000,
  questionEndMs: 500,
  echoSuspect: false,
})

let calls = 0

/** A call of its own id, unless it is told one. */
export const aCall = (name: string, container = "n8n", more: Partial<ToolCall> = {}): ToolCall => {
  calls++
  return { callId: `call-${calls}`, turnId: "turn-1", revision: 0, name, arguments: { container }, ...more }
}

const context: CallContext = { origin: "phrase", conversationId: "talk-1", confident: true }

/** An intent that an earlier life wrote five seconds ago, of a restart without an outcome. */
export const orphan = (more: Record<string, unknown> = {}) => ({
  kind: "intent" as const,
  callId: "lost",
  turnId: "t",
  conversationId: "c",
  tool: "restart",
  container: "n8n",
  targetId: "id-of-n8n",
  tier: "change" as const,
  payload: { arguments: { container: "n8n" } },
  atMs: WALL_MS - 5000,
  ...more,
})

/** Makes calls of a guard and keeps what it says; each has gone as far as it goes by itself. */
export const maker =
  (guard: Pick<Guard, "call">) =>
  (call: ToolCall, more: Partial<CallContext> = {}): Effect.Effect<Made> =>
    Effect.gen(function* () {
      const events: ToolEvent[] = []
      let stopped = false
      const fiber = Effect.runFork(
        Stream.runForEach(guard.call(call, { ...context, ...more }), (event) =>
          Effect.sync(() => void events.push(event)),
        ),
      )
      yield* settle
      return {
        events,
        result: () => {
          const last = events.at(-1)
          return last?.type === "consent-needed" ? undefined : last
        },
        consentId: () => {
          const last = events.findLast(({ type }) => type === "consent-needed")
          return last?.type === "consent-needed" ? last.consentId : "none"
        },
        stop: Effect.suspend(() => {
          stopped = true
          return Effect.andThen(Fiber.interrupt(fiber), settle)
        }),
        stopped: () => stopped,
      }
    })

/** Something that a test lets happen. */
export const gate = <A>() => {
  const deferred = Deferred.makeUnsafe<A>()
  return {
    wait: Deferred.await(deferred),
    open: (value: A) =>
      Effect.andThen(
        Effect.sync(() => Deferred.doneUnsafe(deferred, Effect.succeed(value))),
        settle,
      ),
  }
}

/** A row in a few words: `denied locked`, `outcome done`. */
export const story = (log: MemoryAudit): readonly string[] =>
  log.rows.map(({ kind, decision, reason }) =>
    [kind, decision, reason].filter((word) => word !== undefined).join(" "),
  )
