import { type ChildProcess, spawn } from "node:child_process"
import { Readable, Writable } from "node:stream"
import { fileURLToPath } from "node:url"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type { ExitReason } from "../../ports/child.ts"
import type { EngineName } from "../../ports/host-protocol.ts"
import { OutputRing } from "./output-ring.ts"

export interface HostProcessOptions {
  readonly nice?: number | undefined
  /** Engines that it makes ready before it says hello, though no model is asked for. */
  readonly prepare?: readonly EngineName[] | undefined
  /** For tests: the absolute path of a module whose `engine` stands in for every engine. */
  readonly engineModule?: string | undefined
  /** Another program than the model host: the keeper of a foreign server, or a test's. */
  readonly entry?: string | undefined
}

/** One operating-system process, leader of a process group of its own, with the protocol's two pipes. */
export interface HostProcess {
  readonly pid: number
  readonly toHost: Writable
  readonly fromHost: Readable
  readonly exited: Effect.Effect<ExitReason>
  /** False once it is known to have ended. */
  isRunning(): boolean
  /** False as soon as it is to end, by `kill` or `expectExit`, and after it has ended. */
  isAlive(): boolean
  /** SIGKILL to the whole group. The first reason given is the one that `exited` reports. */
  kill(reason: ExitReason): void
  /** From now on an end, of whatever kind, is the one that was asked for. */
  expectExit(): void
  output(): string
}

const OUTPUT_BYTES = 64 * 1024

/**
 * Starts the program; throws if the system cannot. The group is what lets a kill reach the processes that an engine
 * starts, and keeps a terminal's Ctrl-C from reaching the host before its supervisor decides.
 */
export const startHostProcess = (options: HostProcessOptions): HostProcess => {
  const child = spawn(process.execPath, programArguments(options), {
    detached: true,
    env: hostEnvironment(process.env),
    stdio: ["ignore", "pipe", "pipe", "pipe", "pipe"],
  })
  const exited = Deferred.makeUnsafe<ExitReason>()
  let running = true
  let reason: ExitReason | undefined
  let expected = false

  const end = (found: ExitReason): void => {
    running = false
    // What the leader started may outlive it.
    killGroup(child)
    Deferred.doneUnsafe(exited, Effect.succeed(reason ?? (expected ? { type: "shutdown" } : found)))
  }
  child.on("error", (error) => {
    // Also emitted when a signal could not be sent; only a process that never started has no pid.
    if (child.pid === undefined) end({ type: "crashed", error: error.message })
  })
  child.on("exit", (code, signal) => end(exitReason(code, signal)))

  const [, stdout, stderr, toHost, fromHost] = child.stdio
  if (child.pid === undefined || !(toHost instanceof Writable) || !(fromHost instanceof Readable)) {
    killGroup(child)
    throw new Error("the system could not start the process")
  }
  const ring = new OutputRing(OUTPUT_BYTES)
  for (const stream of [stdout, stderr]) {
    if (stream instanceof Readable) stream.on("data", (chunk: Buffer) => ring.push(chunk))
  }
  return {
    pid: child.pid,
    toHost,
    fromHost,
    exited: Deferred.await(exited),
    isRunning: () => running,
    isAlive: () => running && !expected && reason === undefined,
    kill: (why) => {
      if (!running) return
      reason ??= why
      killGroup(child)
    },
    expectExit: () => {
      expected = true
    },
    output: () => ring.text(),
  }
}

const programArguments = ({ entry, nice, prepare = [], engineModule }: HostProcessOptions): string[] => [
  entry ?? hostEntry(),
  `--parent=${process.pid}`,
  ...(nice === undefined ? [] : [`--nice=${nice}`]),
  ...(prepare.length === 0 ? [] : [`--prepare=${prepare.join(",")}`]),
  ...(engineModule === undefined ? [] : [`--engine-module=${engineModule}`]),
]

/** The compiled host. When this file runs as TypeScript (the tests), that is the one that `npm run build` wrote. */
const hostEntry = (): string =>
  fileURLToPath(
    new URL(
      import.meta.url.endsWith(".ts") ? "../../../dist/models/host-main.js" : "../../models/host-main.js",
      import.meta.url,
    ),
  )

/**
 * Without NODE_OPTIONS: a debugger or a loader meant for the main process would stop or break every host. With one
 * malloc arena (glibc): inference asks for large buffers from several threads, and each arena keeps its own peak.
 * Measured on Piper, 40 replies with two threads: 276 MB instead of 544, 4 % slower.
 */
const hostEnvironment = ({ NODE_OPTIONS: _, ...env }: NodeJS.ProcessEnv): NodeJS.ProcessEnv => ({
  MALLOC_ARENA_MAX: "1",
  ...env,
})

const exitReason = (code: number | null, signal: NodeJS.Signals | null): ExitReason => {
  if (signal !== null) return { type: "killed", signal }
  return code === 0 ? { type: "normal" } : { type: "crashed", error: `exit code ${code}` }
}

const killGroup = ({ pid }: ChildProcess): void => {
  if (pid === undefined) return
  try {
    process.kill(-pid, "SIGKILL")
  } catch {
    // Nothing of the group is left.
  }
}
