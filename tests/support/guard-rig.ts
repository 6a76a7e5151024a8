import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { makeGuard } from "../../src/actors/guard/guard.ts"
import type { Guard, GuardOptions, OperationLimit } from "../../src/actors/guard/guard-types.ts"
import type {
  Confirmation,
  ConfirmationDesk,
  ConfirmationRequest,
  ConsentAnswer,
  Pin,
} from "../../src/ports/consent.ts"
import type { Tier } from "../../src/ports/guard.ts"
import type {
  GuardedTool,
  Operation,
  Performed,
  Target,
  TargetFailure,
} from "../../src/ports/guarded-tool.ts"
import type { CallContext, ToolCall, ToolEvent, ToolResult } from "../../src/ports/tools.ts"
import { type MemoryAudit, type MemoryAuditOptions, memoryAudit } from "./memory-audit.ts"
import { simulatedClock, tick } from "./nursery.ts"

/** Ten rounds of the event loop: whatever is ready has happened by then, over several machines too. */
export const settle = Effect.gen(function* () {
  for (let round = 0; round < 10; round++) yield* tick
})

/** What a tool of the rig does; each thing can be replaced by a test. */
export interface ScriptedTool extends GuardedTool {
  /** In the order that they happened: `identify n8n`, `perform n8n`, `reconcile n8n`. */
  readonly log: string[]
  identified: (container: string) => Effect.Effect<Target, TargetFailure>
  performed: (container: string) => Effect.Effect<Performed>
  reconciled: (container: string) => Effect.Effect<Performed>
}

export const done = (speech = "It is done."): Performed => ({
  outcome: "done",
  speech,
  observed: { state: "running" },
})

/** A tool that takes `{ container }`; `own` ones have no container and nothing to identify. */
export const scriptedTool = (name: string, tier: Tier): ScriptedTool => {
  const log: string[] = []
  const isAbout = tier !== "own"
  const tool: ScriptedTool = {
    log,
    identified: (container) => Effect.succeed({ id: `id-of-${container}` }),
    performed: () => Effect.succeed(done()),
    reconciled: () => Effect.succeed(done("It is so by now.")),
    definition: { name, description: name, parameters: {} },
    prepare: (args) => {
      const container = args["container"]
      const others = Object.keys(args).filter((key) => key !== "container")
      if (typeof container !== "string" || others.length > 0)
        return { type: "refused", code: "malformed", speech: "I need one container." }
      if (container !== "n8n" && container !== "postgres")
        return { type: "refused", code: "unknown-container", speech: "I don't know that one." }
      const operation: Operation = {
        tool: name,
        tier,
        subject: isAbout ? container : name,
        container: isAbout ? container : undefined,
        arguments: { container },
        spoken: `${name} ${container}`,
      }
      return { type: "operation", operation }
    },
    ...(isAbout && {
      identify: (operation) =>
        Effect.suspend(() => {
          log.push(`identify ${operation.subject}`)
          return tool.identified(operation.subject)
        }),
    }),
    perform: (operation, target) =>
      Effect.suspend(() => {
        log.push(`perform ${operation.subject} ${target?.id ?? "nothing"}`)
        return tool.performed(operation.subject)
      }),
    reconcile: (operation) =>
      Effect.suspend(() => {
        log.push(`reconcile ${operation.subject}`)
        return tool.reconciled(operation.subject)
      }),
  }
  return tool
}

export interface ScriptedDesk extends ConfirmationDesk {
  readonly requests: ConfirmationRequest[]
  locked: number
  /** In the place of a verdict. */
  broken: boolean
}

/** "tango" is the word, "no" a refusal, "again" is asked once more, "late" is too late; all else is a wrong word. */
export const scriptedDesk = (): ScriptedDesk => {
  let pending: { readonly confirmation: Confirmation; readonly request: ConfirmationRequest } | undefined
  let count = 0
  const ask = (request: ConfirmationRequest): Confirmation => {
    count++
    const confirmation = {
      consentId: `q${count}`,
      question: `To ${request.spoken}, say tango.`,
      expiresInMs: 20_000,
    }
    pending = { confirmation, request }
    return confirmation
  }
  const desk: ScriptedDesk = {
    requests: [],
    locked: 0,
    broken: false,
    open: (request) => {
      if (pending !== undefined) return undefined
      desk.requests.push(request)
      return ask(request)
    },
    judge: (answer) => {
      if (desk.broken) throw new Error("a broken desk")
      const asked = pending
      pending = undefined
      if (asked === undefined || asked.confirmation.consentId !== answer.consentId)
        return { type: "denied", reason: "not-pending" }
      const text = answer.type === "typed" ? answer.text : answer.transcript
      if (text === "tango") return { type: "granted", hash: asked.request.hash }
      if (text === "other") return { type: "granted", hash: "the hash of something else" }
      if (text === "again")
        return { type: "ask-again", reason: "too-early", confirmation: ask(asked.request) }
      if (text === "late") return { type: "denied", reason: "too-late" }
      if (text === "often") return { type: "denied", reason: "too-many-failures" }
      return { type: "denied", reason: text === "" ? "silence" : "deny-word" }
    },
    close: (consentId) => {
      if (pending?.confirmation.consentId === consentId) pending = undefined
    },
    isPending: () => pending !== undefined,
    lockedMs: () => desk.locked,
  }
  return desk
}

/** Counts, and lets everything through unless it is told a limit. */
export const countingLimit = (): OperationLimit & {
  admitted: number
  denials: number
  most: number
  mostDenials: number
  seeded: number[]
  seededDenials: number[]
} => ({
  admitted: 0,
  denials: 0,
  most: Number.POSITIVE_INFINITY,
  mostDenials: Number.POSITIVE_INFINITY,
  seeded: [],
  seededDenials: [],
  admit() {
    if (this.admitted >= this.most) return false
    this.admitted++
    return true
  },
  admitDenial() {
    if (this.denials >= this.mostDenials) return false
    this.denials++
    return true
  },
  seed(ages, _nowMs, denied = []) {
    this.seeded.push(...ages)
    this.seededDenials.push(...denied)
  },
})

export const scriptedPin = (): Pin & { isThere: boolean; right: string; isLocked: boolean } => {
  const pin = {
    isThere: true,
    right: "2468",
    isLocked: false,
    isSet: Effect.sync((): boolean => pin.isThere),
    verify: (typed: string) =>
      Effect.sync(() => {
        if (!pin.isThere) return "not-set" as const
        if (pin.isLocked) return "locked" as const
        return typed === pin.right ? ("right" as const) : ("wrong" as const)
      }),
  }
  return pin
}

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

const WALL_MS = 1_800_000_000_000

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
