import { accessSync, constants, existsSync } from "node:fs"
import { delimiter, join } from "node:path"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import type { Scope } from "effect/Scope"
import * as Stream from "effect/Stream"
import { monotonicClock } from "../../audio/monotonic-clock.ts"
import type { Clock } from "../../ports/clock.ts"
import type { MemoryReading, Readings } from "../../ports/readings.ts"
import type { GpuDescription, MemorySource } from "./memory-source.ts"
import { nvidiaSmi } from "./nvidia-smi.ts"
import { NVML_LIBRARIES, nvml } from "./nvml.ts"
import { SupervisedReadings } from "./supervised-readings.ts"

const INTERVAL_MS = 500
const SILENT_MS = 3000
/** A GPU that sleeps takes seconds to wake; opening waits as long until it is known which source there is. */
const START_MS = 10_000
/** Longer than a source that crashed or hung needs to be back. */
const GONE_MS = 5000
/** How long `take` waits: two rounds of nvidia-smi and what it needs to start. */
const TAKE_MS = 2000
/** Some readings; whoever listens too slowly loses the oldest, as only the newest counts. */
const WATCH_BUFFER = 4

export interface ReadingsOptions {
  /** Environment variables; `PATH` says where nvidia-smi is. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** Which GPU, as the driver counts; default the first. */
  readonly device?: number | undefined
  /** Ways to read, best first; default both. */
  readonly order?: readonly MemorySource["id"][] | undefined
  /** Instead of what the system has. */
  readonly nvmlLibrary?: string | undefined
  readonly nvidiaSmi?: string | undefined
  /** Instead of those that are found: for tests. */
  readonly sources?: readonly MemorySource[] | undefined
  readonly clock?: Clock | undefined
}

/** The port, and what the command line shows beside it. */
export interface GpuReadings extends Readings {
  readonly description: GpuDescription | undefined
  /** Why there are none; undefined while there are. */
  readonly problem: string | undefined
}

/**
 * Readings of the GPU's memory: NVML in a child process, else one long-lived nvidia-smi, else none. Succeeds when it is
 * known which, at the latest after 10 s; `source` is up to date whenever it is looked at: a GPU that answers later is read
 * from then on. Never fails. Without a sign of a driver no process is started.
 */
export const openReadings = (options: ReadingsOptions): Effect.Effect<GpuReadings, never, Scope> =>
  Effect.gen(function* () {
    const { clock = monotonicClock } = options
    const supervised = yield* Effect.acquireRelease(
      Effect.sync(
        () =>
          new SupervisedReadings({
            sources: options.sources ?? findSources(options, clock),
            clock,
            intervalMs: INTERVAL_MS,
            silentMs: SILENT_MS,
            startMs: START_MS,
            goneMs: GONE_MS,
          }),
      ),
      (opened) => Effect.sync(() => opened.close()),
    )
    yield* known(supervised)
    return {
      get source() {
        return supervised.state.type === "reading" ? supervised.state.source : "none"
      },
      get description() {
        return supervised.description
      },
      get problem() {
        const { state } = supervised
        if (state.type === "reading") return undefined
        return state.type === "none" ? state.reason : "no reading has come yet"
      },
      take: takeReading(supervised, clock),
      watch: Stream.callback<MemoryReading | undefined>(
        (queue) =>
          Effect.acquireRelease(
            Effect.sync(() => {
              const tell = (news: MemoryReading | undefined) => void Queue.offerUnsafe(queue, news)
              const stops = [
                supervised.onReading(tell),
                supervised.onState(() => {
                  if (supervised.state.type === "none") tell(undefined)
                }),
              ]
              return () => {
                for (const stop of stops) stop()
              }
            }),
            (stop) => Effect.sync(stop),
          ),
        { bufferSize: WATCH_BUFFER, strategy: "sliding" },
      ),
    }
  })

const known = (supervised: SupervisedReadings): Effect.Effect<void> =>
  Effect.callback((resume) => {
    const stop = supervised.onState(() => {
      stop()
      resume(Effect.void)
    })
    if (supervised.state.type !== "opening") resume(Effect.void)
    return Effect.sync(stop)
  })

const takeReading = (
  supervised: SupervisedReadings,
  clock: Clock,
): Effect.Effect<MemoryReading | undefined> =>
  Effect.callback((resume) => {
    const callMs = clock.now()
    const release = () => {
      stop()
      clock.clearTimeout(timer)
    }
    const end = (reading: MemoryReading | undefined) => {
      release()
      resume(Effect.succeed(reading))
    }
    const stop = supervised.onReading((reading) => {
      if (reading.atMs >= callMs) end(reading)
    })
    const timer = clock.setTimeout(() => end(undefined), TAKE_MS)
    if (supervised.state.type === "none") end(undefined)
    else supervised.ask()
    return Effect.sync(release)
  })

function findSources(options: ReadingsOptions, clock: Clock): readonly MemorySource[] {
  const { env, device = 0, order = ["nvml", "nvidia-smi"] } = options
  const program = options.nvidiaSmi ?? findProgram(env)
  const found: MemorySource[] = []
  for (const id of order) {
    if (id === "nvml" && (options.nvmlLibrary !== undefined || hasDriver() || program !== undefined)) {
      const libraries = options.nvmlLibrary === undefined ? NVML_LIBRARIES : [options.nvmlLibrary]
      found.push(nvml({ libraries, device, clock }))
    }
    if (id === "nvidia-smi" && program !== undefined) {
      found.push(nvidiaSmi({ program, device, intervalMs: INTERVAL_MS, clock }))
    }
  }
  return found
}

/** The driver's files, on plain Linux and on Linux under Windows. */
function hasDriver(): boolean {
  return ["/proc/driver/nvidia/version", "/dev/nvidiactl", "/usr/lib/wsl/lib/libnvidia-ml.so.1"].some(
    existsSync,
  )
}

function findProgram(env: ReadingsOptions["env"]): string | undefined {
  const folders = [...(env["PATH"] ?? "").split(delimiter), "/usr/lib/wsl/lib"]
  return folders
    .filter((folder) => folder.startsWith("/"))
    .map((folder) => join(folder, "nvidia-smi"))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK)
        return true
      } catch {
        return false
      }
    })
}
