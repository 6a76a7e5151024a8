import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { monotonicClock } from "../../audio/monotonic-clock.ts"
import { describeExit } from "../../machines/supervision/supervision-end.ts"
import type { Child, ExitReason } from "../../ports/child.ts"
import type { Clock } from "../../ports/clock.ts"
import { StartError } from "../supervision/start-error.ts"
import { within } from "../timing.ts"
import { HostConnection } from "./host-connection.ts"
import { HostFailure, type HostHandle } from "./host-handle.ts"
import { DEFAULT_HEARTBEAT, Heartbeat, type HeartbeatTimes } from "./host-heartbeat.ts"
import { makeHostOperations } from "./host-operations.ts"
import { type HostProcess, type HostProcessOptions, startHostProcess } from "./host-process.ts"
import { renice } from "./renice.ts"
import type { SpareProcess } from "./spare-process.ts"

export interface HostOptions extends HostProcessOptions {
  readonly id: string
  /** From the start of the process to its first message. */
  readonly startTimeoutMs?: number | undefined
  readonly heartbeat?: HeartbeatTimes | undefined
  /** How long a cancelled operation may still run before the host is killed for it. */
  readonly cancelGraceMs?: number | undefined
  readonly clock?: Clock | undefined
  /** Where a process may be had that is up already. */
  readonly spare?: Pick<SpareProcess, "take"> | undefined
}

const DEFAULT_START_TIMEOUT_MS = 10_000
const DEFAULT_CANCEL_GRACE_MS = 2000
/** A thread that is blocked in an engine hears no shutdown: what does not end soon is killed. */
const BUSY_STOP_MS = 300
/** A process in an uninterruptible system call may not die of SIGKILL; nobody waits for it longer than this. */
const REAP_MS = 5000

/**
 * A model host as something to supervise: each `start` is a new process, up when it has said hello. Closing the scope
 * kills what is left of it.
 */
export const spawnHost = (options: HostOptions): Child<HostHandle> => ({
  id: options.id,
  start: () =>
    Effect.gen(function* () {
      const clock = options.clock ?? monotonicClock
      const host = yield* Effect.acquireRelease(launch(options, clock), (launched) => launched.handle.stop(0))
      yield* firstMessage(host, options, clock)
      host.heartbeat.start()
      return host.handle
    }),
})

interface Launched {
  readonly handle: HostHandle
  readonly process: HostProcess
  readonly connection: HostConnection
  readonly heartbeat: Heartbeat
}

const launch = (options: HostOptions, clock: Clock): Effect.Effect<Launched, StartError> =>
  Effect.try({
    try: () => wire(options, clock),
    catch: (cause) => startError(options.id, cause instanceof Error ? cause.message : String(cause), cause),
  })

/** Joins process, connection and heartbeat; each tells the process when to die, and its death tells the others. */
const wire = (options: HostOptions, clock: Clock): Launched => {
  const { id } = options
  const process = spareFor(options) ?? startHostProcess(options)
  /** What is condemned takes no more requests, though the system may need a moment to end it. */
  const condemn = (reason: ExitReason): void => {
    process.kill(reason)
    connection.close(lost(id, reason))
  }
  const kill = (detail: string): void => condemn({ type: "hung", detail })
  const connection = new HostConnection({
    host: id,
    toHost: process.toHost,
    fromHost: process.fromHost,
    onViolation: (detail) => condemn({ type: "crashed", error: `protocol violation: ${detail}` }),
  })
  const heartbeat = new Heartbeat({
    clock,
    times: options.heartbeat ?? DEFAULT_HEARTBEAT,
    sendPing: () => {
      const { answer } = connection.request((requestId) => ({ type: "ping", id: requestId }))
      Effect.runCallback(answer, {
        onExit: (exit) => {
          if (Exit.isSuccess(exit)) heartbeat.pong()
        },
      })
    },
    onHung: (silentMs) => kill(`no answer to a ping for ${silentMs} ms`),
  })
  Effect.runFork(
    Effect.map(process.exited, (reason) => {
      heartbeat.stop()
      connection.close(lost(id, reason))
    }),
  )
  const { isBusy, ...operations } = makeHostOperations({
    connection,
    kill,
    clock,
    host: id,
    cancelGraceMs: options.cancelGraceMs ?? DEFAULT_CANCEL_GRACE_MS,
  })
  const handle: HostHandle = {
    id,
    pid: process.pid,
    exited: process.exited,
    isAlive: process.isAlive,
    kill,
    output: process.output,
    ...operations,
    stop: (ms) => stop({ process, connection, clock, ms: isBusy() ? Math.min(ms, BUSY_STOP_MS) : ms }),
  }
  return { handle, process, connection, heartbeat }
}

const spareFor = ({ spare, nice }: HostOptions): HostProcess | undefined => {
  const process = spare?.take()
  if (process !== undefined && nice !== undefined) renice(process.pid, nice)
  return process
}

/** Races the first message against the end of the process and the clock. */
const firstMessage = (
  { process, connection }: Launched,
  { id, startTimeoutMs = DEFAULT_START_TIMEOUT_MS }: HostOptions,
  clock: Clock,
): Effect.Effect<void, StartError> =>
  within(
    Effect.raceFirst(
      Effect.flatMap(Deferred.await(connection.hello), ({ pid }) =>
        pid === process.pid
          ? Effect.void
          : Effect.fail(startError(id, `said hello as process ${pid}, expected ${process.pid}`)),
      ),
      Effect.flatMap(process.exited, (reason) =>
        Effect.fail(
          startError(id, `ended before its first message: ${describeExit(reason)}`, process.output()),
        ),
      ),
    ),
    {
      clock,
      ms: startTimeoutMs,
      late: () => Effect.fail(startError(id, `said nothing within ${startTimeoutMs} ms of its start`)),
    },
  )

const stop = (options: {
  readonly process: HostProcess
  readonly connection: HostConnection
  readonly clock: Clock
  readonly ms: number
}): Effect.Effect<void> =>
  Effect.gen(function* () {
    const { process, connection, clock, ms } = options
    if (!process.isRunning()) return
    process.expectExit()
    if (ms > 0) {
      connection.tell({ type: "shutdown" })
      yield* within(process.exited, { clock, ms, late: () => Effect.void })
    }
    if (!process.isRunning()) return
    process.kill({ type: "shutdown" })
    yield* within(process.exited, { clock, ms: REAP_MS, late: () => Effect.void })
  })

const startError = (child: string, message: string, cause?: unknown): StartError =>
  new StartError({ child, message: `Host "${child}" ${message}.`, ...(cause === undefined ? {} : { cause }) })

const lost = (host: string, reason: ExitReason): HostFailure =>
  new HostFailure({
    host,
    code: reason.type === "hung" ? "hung" : "died",
    message: `Host "${host}" is gone: ${describeExit(reason)}.`,
  })
