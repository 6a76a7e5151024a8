import { existsSync } from "node:fs"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schedule from "effect/Schedule"
import { describeExit } from "../../machines/supervision/supervision-end.ts"
import type { WyomingClient } from "../../models/wyoming.ts"
import type { KeeperOrder } from "../../models/wyoming-keeper.ts"
import type { Child, Handle } from "../../ports/child.ts"
import type { Clock } from "../../ports/clock.ts"
import { DEFAULT_HEARTBEAT, Heartbeat, type HeartbeatTimes } from "../hosts/host-heartbeat.ts"
import { type HostProcess, startHostProcess } from "../hosts/host-process.ts"
import { isGroupGone, isGroupStopped } from "../hosts/process-group.ts"
import { StartError } from "../supervision/start-error.ts"
import { within } from "../timing.ts"
import { clientAt, type WyomingAddress } from "./wyoming-address.ts"

/** Where it is to listen; while it transcribes it may say nothing for as long as a transcript may take. */
export interface WyomingServerOptions extends WyomingAddress {
  readonly id: string
  /** For the system's shell; `{url}` stands for the address to listen on. */
  readonly command: string
  /** Monotonic. */
  readonly clock: Clock
  /** From the start of the process until a model is loaded. */
  readonly startTimeoutMs?: number | undefined
  /** A ping unanswered for so long means that it is stopped, or hung. Default: 1.5 s. */
  readonly hungMs?: number | undefined
}

/** A running server. `pid` is its keeper's, who leads its process group. */
export interface WyomingServerHandle extends Handle {
  readonly pid: number
  readonly client: WyomingClient
  isAlive(): boolean
  /** SIGKILL to the group; `exited` follows. */
  kill(detail: string): void
}

type Describe = WyomingClient["describe"]

/** A large model on a slow disk takes long. */
const DEFAULT_START_TIMEOUT_MS = 120_000
/** A stopped server is noticed at most 2.5 s later; each ping is a connection, so there are fewer than of a host. */
const HEARTBEAT: HeartbeatTimes = { ...DEFAULT_HEARTBEAT, everyMs: 1000 }
/** The predecessor was killed a moment ago; its address may still be taken. */
const ADDRESS_FREE_MS = 2000
const POLL_MS = 100
const REAP_MS = 5000
const REAP_POLL_MS = 10

/**
 * A Wyoming server as something to supervise: each `start` is a new process, up when it answers `describe` with an
 * installed model. Closing the scope kills its process group and removes its temporary files.
 */
export const spawnWyomingServer = (options: WyomingServerOptions): Child<WyomingServerHandle> => ({
  id: options.id,
  start: () =>
    Effect.gen(function* () {
      const client = yield* Effect.mapError(clientAt(options), ({ message }) =>
        startError(options.id, `cannot start: ${message}`),
      )
      const { describe } = client
      yield* addressIsFree(options, describe)
      const folder = yield* Effect.acquireRelease(makeFolder, removeFolder)
      const process = yield* Effect.acquireRelease(launch(options, folder), (started) =>
        stop(started, options.clock),
      )
      yield* ready(process, options, describe)
      process.toHost.write("ready\n")
      const work = new Work(options.clock)
      const watch = watchHealth(process, { ...options, work, describe })
      yield* Effect.addFinalizer(() => Effect.sync(watch.stop))
      const transcribe: WyomingClient["transcribe"] = (samples) => work.note(client.transcribe(samples))
      return handleOf(process, { describe, transcribe }, options.clock)
    }),
})

const handleOf = (process: HostProcess, client: WyomingClient, clock: Clock): WyomingServerHandle => ({
  pid: process.pid,
  client,
  exited: process.exited,
  isAlive: process.isAlive,
  kill: (detail) => process.kill({ type: "hung", detail }),
  // It has nothing to save, and whoever asks politely waits for a transcript first.
  stop: () => stop(process, clock),
})

/** Ends when the whole group is gone: its leader ends first, and the server's memory is what somebody waits for. */
const stop = (process: HostProcess, clock: Clock): Effect.Effect<void> =>
  Effect.suspend(() => {
    if (process.isRunning()) {
      process.expectExit()
      process.kill({ type: "shutdown" })
    }
    const gone = Effect.sync(() => isGroupGone(process.pid)).pipe(
      Effect.repeat({ until: (isGone) => isGone, schedule: Schedule.spaced(REAP_POLL_MS) }),
    )
    const ended = Effect.asVoid(Effect.andThen(process.exited, gone))
    return within(ended, { clock, ms: REAP_MS, late: () => Effect.void })
  })

/** Sound must not go to a stranger who happens to listen there, nor be taken for the answer of ours. */
const addressIsFree = ({ id, clock, url }: WyomingServerOptions, describe: Describe) => {
  const isFree = Effect.match(describe, {
    onFailure: ({ reason }) => reason === "unavailable",
    onSuccess: () => false,
  })
  return within(Effect.repeat(isFree, { until: (free) => free, schedule: Schedule.spaced(POLL_MS) }), {
    clock,
    ms: ADDRESS_FREE_MS,
    late: () =>
      Effect.fail(
        startError(
          id,
          `cannot start: something else listens at ${url}. Stop it, choose another stt.wyoming_url, or leave out stt.wyoming_command to use it`,
        ),
      ),
  })
}

const launch = (options: WyomingServerOptions, folder: string): Effect.Effect<HostProcess, StartError> =>
  Effect.try({
    try: () => {
      const process = startHostProcess({ entry: keeperEntry() })
      process.toHost.on("error", () => undefined)
      const command = options.command.replaceAll("{url}", options.url)
      const order: KeeperOrder = { command, folder }
      process.toHost.write(`${JSON.stringify(order)}\n`)
      return process
    },
    catch: (cause) => startError(options.id, `cannot start: ${String(cause)}`, cause),
  })

/** Races the first description against the end of the process and the clock. */
const ready = (
  process: HostProcess,
  { id, clock, command, startTimeoutMs = DEFAULT_START_TIMEOUT_MS }: WyomingServerOptions,
  describe: Describe,
) => {
  const described = describe.pipe(
    Effect.retry({ while: ({ reason }) => reason === "unavailable", schedule: Schedule.spaced(POLL_MS) }),
    Effect.mapError(({ message }) => startError(id, `does not serve: ${message}`, process.output())),
  )
  const ended = Effect.flatMap(process.exited, (reason) =>
    Effect.fail(
      startError(
        id,
        `ended before it was ready (${describeExit(reason)}): ${lastLine(process.output()) || command}`,
      ),
    ),
  )
  return within(Effect.raceFirst(described, ended), {
    clock,
    ms: startTimeoutMs,
    late: () =>
      Effect.fail(
        startError(id, `did not answer within ${startTimeoutMs} ms of its start`, process.output()),
      ),
  })
}

/** What a server has to do. */
class Work {
  readonly #clock: Clock
  #inFlight = 0
  #abandonedAtMs = Number.NEGATIVE_INFINITY

  constructor(clock: Clock) {
    this.#clock = clock
  }

  note<A, E>(transcription: Effect.Effect<A, E>): Effect.Effect<A, E> {
    return Effect.suspend(() => {
      this.#inFlight++
      return Effect.onExit(transcription, (exit) =>
        Effect.sync(() => {
          this.#inFlight--
          // It may still be working on it.
          if (Exit.isFailure(exit)) this.#abandonedAtMs = this.#clock.now()
        }),
      )
    })
  }

  /** When it was last known to have sound to work on: now, while it has some. */
  get lastAtMs(): number {
    return this.#inFlight > 0 ? this.#clock.now() : this.#abandonedAtMs
  }
}

/**
 * Pings by `describe`. Silence means a hang, unless the server is at work, since some answer nothing else meanwhile:
 * then only a stopped process is hung, and any other has as long as a transcript may take.
 */
const watchHealth = (
  process: HostProcess,
  options: WyomingServerOptions & { readonly work: Work; readonly describe: Describe },
): { stop(): void } => {
  const { clock, work, describe, transcribeDeadlineMs, hungMs = HEARTBEAT.answerWithinMs } = options
  let answeredAtMs = clock.now()
  let heartbeat: Heartbeat
  const watch = (): void => {
    heartbeat = new Heartbeat({
      clock,
      times: { ...HEARTBEAT, answerWithinMs: hungMs },
      sendPing: () => {
        Effect.runCallback(describe, {
          onExit: (exit) => {
            if (exit._tag !== "Success") return
            answeredAtMs = clock.now()
            heartbeat.pong()
          },
        })
      },
      onHung: (silentMs) => {
        const mayBeBusy = work.lastAtMs >= answeredAtMs && clock.now() - answeredAtMs < transcribeDeadlineMs
        if (mayBeBusy && !isGroupStopped(process.pid)) watch()
        else process.kill({ type: "hung", detail: `no description for ${silentMs} ms` })
      },
    })
    heartbeat.start()
  }
  watch()
  return { stop: () => heartbeat.stop() }
}

/** Where the sound that a server writes down stays in memory: both are file systems without a disk. */
const makeFolder = Effect.promise(() => {
  const base = [process.env["XDG_RUNTIME_DIR"], "/dev/shm"].find((folder) => folder && existsSync(folder))
  return mkdtemp(join(base ?? tmpdir(), "jett-wyoming-"))
})

const removeFolder = (folder: string): Effect.Effect<void> =>
  Effect.promise(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }))

/** Compiled. When this file runs as TypeScript (the tests), that is the one that `npm run build` wrote. */
const keeperEntry = (): string =>
  fileURLToPath(
    new URL(
      import.meta.url.endsWith(".ts")
        ? "../../../dist/models/wyoming-keeper.js"
        : "../../models/wyoming-keeper.js",
      import.meta.url,
    ),
  )

const startError = (child: string, message: string, cause?: unknown): StartError =>
  new StartError({
    child,
    message: `The Wyoming server ${message}.`,
    ...(cause === undefined ? {} : { cause }),
  })

/** Written before it heard anything. */
const lastLine = (output: string): string => output.trim().split("\n").at(-1)?.slice(0, 200) ?? ""
