import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { makeGuard } from "../../src/actors/guard/guard.ts"
import type { Guard, OperationLimit } from "../../src/actors/guard/guard-types.ts"
import { Taint } from "../../src/actors/guard/taint.ts"
import { monotonicClock } from "../../src/audio/monotonic-clock.ts"
import type { AuditFailure, AuditLog, AuditRow } from "../../src/ports/audit.ts"
import type { Clock } from "../../src/ports/clock.ts"
import type { ConfirmationDesk, ConsentVerdict } from "../../src/ports/consent.ts"
import type { GuardedTool } from "../../src/ports/guarded-tool.ts"
import type { CallContext, ToolCall, ToolEvent, ToolResult } from "../../src/ports/tools.ts"
import { makeConfirmationDesk } from "../../src/security/confirmation.ts"
import { openPin } from "../../src/security/pin.ts"
import type { ContainerEntry } from "../../src/security/policy/container-entry.ts"
import type { Policy } from "../../src/security/policy.ts"
import { RateLimit } from "../../src/security/rate-limit.ts"
import { makeRedactor, type StreamRedactor } from "../../src/security/redact.ts"
import { containerTools } from "../../src/tools/containers/container-tools.ts"
import { makeDockerEngine } from "../../src/tools/containers/docker-engine.ts"
import { type FakeDocker, fakeDocker } from "./fake-docker.ts"
import { done, type ScriptedTool, scriptedTool } from "./guard-doubles.ts"
import { type MemoryAudit, memoryAudit } from "./memory-audit.ts"
import { simulatedClock, tick } from "./nursery.ts"
import { policyOf } from "./server-containers.ts"

/** The table that is attacked. What is not in it stands on the same server. */
export const ATTACKED: readonly ContainerEntry[] = [
  { name: "n8n", allow: ["status", "logs", "stats", "start", "restart", "stop"] },
  { name: "postgres", allow: ["status", "logs", "restart", "stop"], database: true },
  { name: "qdrant", allow: ["status", "logs", "stats", "start", "restart"], database: false },
  {
    name: "home-assistant",
    allow: ["status", "restart"],
    aliases: ["home", "the house", "lights server", "hub one"],
    spoken: "home assistant",
    project: "home",
    service: "assistant",
  },
]

/** On the server, in nobody's table. */
export const FORBIDDEN = ["portainer", "n8n-postgres", "n8n2", "xn8n", "N8N", "watchtower", "postgres-1"]

export const PIN = "24681357"

const LOGS = "logs?stdout=true&stderr=true&follow=false&tail=200"

/**
 * Every request that may ever be on the wire, written out by hand and compared as a whole: nothing here is made by what
 * is tested.
 */
export const ALLOWED_LINES: ReadonlySet<string> = new Set([
  "GET /version",
  ...["json", LOGS, "stats?stream=false"].map((what) => `GET /containers/n8n/${what}`),
  ...["json", LOGS].map((what) => `GET /containers/postgres/${what}`),
  ...["json", LOGS, "stats?stream=false"].map((what) => `GET /containers/qdrant/${what}`),
  "GET /containers/home-assistant/json",
  "POST /containers/n8n/start",
  "POST /containers/n8n/restart?t=10",
  "POST /containers/n8n/stop?t=10",
  "POST /containers/postgres/restart?t=60",
  "POST /containers/postgres/stop?t=60",
  "POST /containers/qdrant/start",
  "POST /containers/qdrant/restart?t=10",
  "POST /containers/home-assistant/restart?t=10",
])

export interface AttackRigOptions {
  /** In memory, where none is given. */
  readonly log?: AuditLog | undefined
  /** The log of this moment; goes before `log`. */
  readonly audit?: Effect.Effect<AuditLog, AuditFailure> | undefined
  /** As wide as can be, where none is given. */
  readonly limit?: OperationLimit | undefined
  /** In front of the real desk. */
  readonly desk?: ((desk: ConfirmationDesk) => ConfirmationDesk) | undefined
  readonly entries?: readonly ContainerEntry[] | undefined
  readonly pinSet?: boolean | undefined
  readonly answerMs?: number | undefined
  readonly docker?: FakeDocker | undefined
  readonly wallNow?: (() => number) | undefined
}

/** A call on its way: what it says, in its order. */
export interface AttackCall {
  readonly callId: string
  /** The next thing that it says; each is given once. */
  next(): Promise<ToolEvent>
  /** Everything so far. */
  readonly events: readonly ToolEvent[]
  /** Nobody listens any more. */
  stop(): Promise<void>
}

/** Of a call, besides its tool and its arguments. */
export type CallDetails = Partial<CallContext> & Partial<Omit<ToolCall, "name" | "arguments">>

export interface AttackRig {
  readonly docker: FakeDocker
  readonly policy: Policy
  readonly tools: readonly GuardedTool[]
  /** A tool of the tier `own`. */
  readonly timer: ScriptedTool
  readonly redactor: StreamRedactor
  readonly clock: Clock & { increment(ms: number): void }
  readonly memory: MemoryAudit
  /** What was acknowledged to the guard, oldest first. */
  readonly rows: readonly AuditRow[]
  guard: Guard
  /** The guard's process ends where it is, and another one begins. */
  restart(): Promise<void>
  /** Makes a call, of an id of its own unless it is told one. */
  call(name: unknown, args: unknown, more?: CallDetails): AttackCall
  /** A call that nobody has to agree to, or is refused: its result. */
  result(name: unknown, args: unknown, more?: CallDetails): Promise<ToolResult>
  /** What somebody says after a question; right in everything but what is told otherwise. */
  say(consentId: string, transcript: string, more?: Partial<Spoken>): Promise<ConsentVerdict>
  /** Reads a log, so that the conversation is tainted. */
  taint(conversationId: string): Promise<void>
  /** The server and the PIN are as at first, every question and every lock is over. */
  reset(): Promise<void>
  close(): Promise<void>
}

/** Longer than a question waits, and than an operation is locked. */
const LOCK_MS = 301_000

let calls = 0

const wide = (): OperationLimit => new RateLimit({ perMinute: 1e9, deniedPerMinute: 1e9 })

/** Callers in other languages know no types. */
function claimArguments(_: unknown): asserts _ is Readonly<Record<string, unknown>> {}
function claimName(_: unknown): asserts _ is string {}

/**
 * The whole guard with everything real but the engine, which is fake behind a real socket: table, tools, adapter, desk,
 * PIN, redactor, rules. Time stands still unless it is moved. Gone with `close`.
 */
export const attackRig = async (options: AttackRigOptions = {}): Promise<AttackRig> => {
  const docker = options.docker ?? (await fakeDocker())
  if (docker.state.containers.length === 0) furnish(docker)
  const policy = policyOf(options.entries ?? ATTACKED)
  const redactor = makeRedactor()
  const engine = makeDockerEngine({
    host: { type: "unix", path: docker.socketPath },
    onSecret: (values) => redactor.learn(values),
    answerMs: options.answerMs ?? 10_000,
  })
  const clock = simulatedClock()
  const timer = scriptedTool("timer", "own")
  const tools = [
    ...containerTools({
      policy,
      engine,
      redactor,
      clock: monotonicClock,
      wallNow: Date.now,
      times: { healthMs: 0, settleMs: 0, pollMs: 1 },
    }),
    timer,
  ]
  const rows: AuditRow[] = []
  const memory = memoryAudit(options.wallNow === undefined ? {} : { nowMs: options.wallNow })
  const log = options.log ?? memory
  const kept = keepingRows(options.audit ?? Effect.succeed(log), rows)
  const desk = makeConfirmationDesk()
  const folder = mkdtempSync(join(tmpdir(), "jett-attack-"))
  const pin = openPin(folder, { costLog2: 10 })
  if (options.pinSet !== false) await Effect.runPromise(pin.set(PIN))
  let scope = Scope.makeUnsafe()
  const start = (): Promise<Guard> =>
    Effect.runPromise(
      Scope.provide(
        makeGuard({
          tools,
          audit: kept,
          desk: options.desk?.(desk) ?? desk,
          pin,
          limit: options.limit ?? wide(),
          redactor,
          clock,
          wallNow: options.wallNow ?? Date.now,
          taint: new Taint(),
        }),
        scope,
      ),
    )
  const rig: AttackRig = {
    ...{ docker, policy, tools, timer, redactor, clock, memory, rows },
    guard: await start(),
    restart: async () => {
      await closeScope(scope, clock)
      scope = Scope.makeUnsafe()
      rig.guard = await start()
    },
    call: (name, args, more = {}) => {
      calls += 1
      const { origin = "model", conversationId = `talk-${calls}`, confident = true, ...own } = more
      claimName(name)
      claimArguments(args)
      const call = { callId: `attack-${calls}`, turnId: "turn", revision: 0, ...own, name, arguments: args }
      return listen(rig.guard, call, { origin, conversationId, confident })
    },
    result: async (name, args, more) => {
      const event = await rig.call(name, args, more).next()
      if (event.type === "consent-needed") throw new Error(`asked: ${event.question}`)
      return event
    },
    say: (consentId, transcript, more = {}) =>
      Effect.runPromise(
        rig.guard.answer({
          type: "spoken",
          consentId,
          transcript,
          confidence: 0.95,
          audioStartMs: 61_000,
          questionEndMs: 60_000,
          echoSuspect: false,
          ...more,
        }),
      ),
    taint: async (conversationId) => {
      docker.state.get("qdrant").log = ["ready\n"]
      const read = await rig.result("container_logs", { container: "qdrant" }, { conversationId })
      if (read.type !== "receipt" || read.untrusted === undefined) throw new Error("nothing was read")
    },
    reset: async () => {
      clock.increment(LOCK_MS)
      await settle()
      docker.state.containers.length = 0
      furnish(docker)
      if (options.pinSet !== false && pinUsed(rows)) await Effect.runPromise(pin.set(PIN))
      rows.length = 0
      docker.clear()
    },
    close: async () => {
      await closeScope(scope, clock)
      if (options.docker === undefined) await docker.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
  timer.performed = () => Effect.succeed(done())
  // Asked once in the life of an engine's adapter; afterwards a refused call has nothing to ask for.
  await Effect.runPromise(Effect.ignore(engine.inspect("n8n")))
  docker.clear()
  // The guard knows by now what the log says of earlier lives.
  await settle()
  return rig
}

export interface Spoken {
  readonly confidence: number
  readonly audioStartMs: number
  readonly questionEndMs: number
  readonly echoSuspect: boolean
}

/** The word that a question ends with. */
export const wordOf = (event: ToolEvent | undefined): string =>
  event?.type === "consent-needed" ? (/(\w+)\.$/.exec(event.question)?.[1] ?? "") : ""

export const consentIdOf = (event: ToolEvent | undefined): string =>
  event?.type === "consent-needed" ? event.consentId : "none"

/** Until whatever is ready has happened, what came over sockets included. */
export const settle = async (): Promise<void> => {
  for (let round = 0; round < 12; round++) await Effect.runPromise(tick)
}

const pinUsed = (rows: readonly AuditRow[]): boolean =>
  rows.some(({ kind, reason }) => kind === "consent" && reason?.startsWith("pin-") === true)

/** The server: what is in the table, what is not, and one whose name is the beginning of another one's id. */
const furnish = ({ state }: FakeDocker): void => {
  const n8n = state.add("n8n", { log: ["started\n"] })
  state.add("postgres")
  state.add("qdrant")
  state.add("home-assistant", {
    labels: { "com.docker.compose.project": "home", "com.docker.compose.service": "assistant" },
  })
  for (const name of FORBIDDEN) state.add(name)
  state.add(n8n.id.slice(0, 12))
}

const keepingRows = (
  audit: Effect.Effect<AuditLog, AuditFailure>,
  rows: AuditRow[],
): Effect.Effect<AuditLog, AuditFailure> =>
  Effect.map(audit, (log) => ({
    append: (entry) => Effect.tap(log.append(entry), (row) => Effect.sync(() => void rows.push(row))),
    recent: (ms) => log.recent(ms),
    orphans: log.orphans,
  }))

const closeScope = async (scope: Scope.Closeable, clock: { increment(ms: number): void }): Promise<void> => {
  const closing = Effect.runPromise(Scope.close(scope, Exit.void))
  await settle()
  clock.increment(3000)
  await closing
}

const listen = (guard: Guard, call: ToolCall, context: CallContext): AttackCall => {
  const events: ToolEvent[] = []
  const waiting: ((event: ToolEvent) => void)[] = []
  let given = 0
  const fiber = Effect.runFork(
    Stream.runForEach(guard.call(call, context), (event) =>
      Effect.sync(() => {
        events.push(event)
        const first = waiting.shift()
        if (first === undefined) return
        given += 1
        first(event)
      }),
    ),
  )
  return {
    callId: call.callId,
    events,
    next: () => {
      const event = events[given]
      if (event === undefined) return new Promise((resolve) => waiting.push(resolve))
      given += 1
      return Promise.resolve(event)
    },
    stop: async () => {
      await Effect.runPromise(Fiber.interrupt(fiber))
      await settle()
    },
  }
}
