import * as Effect from "effect/Effect"
import type { Scope } from "effect/Scope"
import type { Clock } from "../../ports/clock.ts"
import { within } from "../timing.ts"
import { type HostProcess, type HostProcessOptions, startHostProcess } from "./host-process.ts"

export interface SpareProcessOptions extends HostProcessOptions {
  readonly clock: Clock
  /** From the last host that started until a spare is made for the next one: models are loading just then. */
  readonly restMs?: number | undefined
}

/** A process of the model host that holds nothing yet. A host that was lost begins again with its load, not with a process. */
export interface SpareProcess {
  /**
   * Undefined while there is none, or none that is prepared: whoever took it then would wait for it longer than for a
   * process of its own. Another one is made when hosts have been at rest for a while.
   */
  take(): HostProcess | undefined
  status(): SpareStatus | undefined
}

export interface SpareStatus {
  readonly pid: number
  /** Starting: it has not said hello, which it does when it is prepared. */
  readonly state: "starting" | "waiting"
  /** By the options' clock. */
  readonly upSinceMs: number
}

const REST_MS = 3_000
/** One that is not prepared by then, never will be: it goes when a host asks again. */
const START_LIMIT_MS = 30_000
const REAP_MS = 5_000

interface Kept {
  readonly process: HostProcess
  readonly sinceMs: number
  isPrepared: boolean
}

/** None is made before the first host asks for one, nor after one that nobody took has died, until a host asks again. */
export const makeSpareProcess = (options: SpareProcessOptions): Effect.Effect<SpareProcess, never, Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => new Spare(options)),
    (spare) => spare.stop,
  )

class Spare implements SpareProcess {
  readonly #options: SpareProcessOptions
  #kept: Kept | undefined
  #timer: unknown
  #stopped = false

  constructor(options: SpareProcessOptions) {
    this.#options = options
  }

  take(): HostProcess | undefined {
    this.#makeLater()
    const kept = this.#alive()
    if (kept?.isPrepared !== true) return undefined
    this.#kept = undefined
    return kept.process
  }

  status(): SpareStatus | undefined {
    const kept = this.#alive()
    if (kept === undefined) return undefined
    const { process, sinceMs, isPrepared } = kept
    return { pid: process.pid, state: isPrepared ? "waiting" : "starting", upSinceMs: sinceMs }
  }

  readonly stop: Effect.Effect<void> = Effect.suspend(() => {
    const { clock } = this.#options
    this.#stopped = true
    clock.clearTimeout(this.#timer)
    const process = this.#kept?.process
    this.#kept = undefined
    if (process === undefined || !process.isRunning()) return Effect.void
    process.kill({ type: "shutdown" })
    return within(process.exited, { clock, ms: REAP_MS, late: () => Effect.void })
  })

  #alive(): Kept | undefined {
    return this.#kept?.process.isAlive() === true ? this.#kept : undefined
  }

  #makeLater(): void {
    const { clock, restMs = REST_MS } = this.#options
    clock.clearTimeout(this.#timer)
    if (this.#stopped) return
    this.#timer = clock.setTimeout(() => this.#make(), restMs)
  }

  #make(): void {
    const { clock } = this.#options
    const kept = this.#alive()
    if (kept !== undefined) {
      if (kept.isPrepared || clock.now() - kept.sinceMs < START_LIMIT_MS) return
      kept.process.kill({ type: "hung", detail: `not prepared within ${START_LIMIT_MS} ms` })
    }
    try {
      const process = startHostProcess(this.#options)
      const made: Kept = { process, sinceMs: clock.now(), isPrepared: false }
      // Looks without reading: the hello is for whoever takes the process. The stream's end is no hello.
      process.fromHost.once("readable", () => {
        made.isPrepared = process.fromHost.readableLength > 0
      })
      this.#kept = made
    } catch {
      // The system is out of processes. Whoever needs one says so.
    }
  }
}
