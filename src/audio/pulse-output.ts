import * as Effect from "effect/Effect"
import type { Scope } from "effect/Scope"
import type { AudioOutput } from "../ports/audio.ts"
import type { Clock } from "../ports/clock.ts"
import { AudioError } from "./audio-error.ts"
import { AudioProcess } from "./audio-process.ts"
import { msToSamples, samplesToMs, toBytes } from "./format.ts"
import { streamArguments } from "./pulse-stream.ts"

export interface PulseOutputOptions {
  readonly device: string | undefined
  readonly rateHz: number
  readonly clock: Clock
}

const PLAY_LATENCY_MS = 40
/** Enough to pass the server's start threshold, so that the device runs when the first word comes. */
const PRIMING_MS = 60
const START_TIMEOUT_MS = 2000
const RETRY_MS = 500

/**
 * One pacat process. It reports every 50 ms which sample is being heard, so what it still holds, its own pipe included,
 * is known and not guessed.
 */
class Player {
  readonly process: AudioProcess
  readonly started: Promise<void>
  readonly #options: PulseOutputOptions
  #handed = 0
  #heardMs: number | undefined
  #reportedAtMs = 0

  constructor(options: PulseOutputOptions, onExit: (reason: string) => void) {
    this.#options = options
    const target = options.device === undefined ? [] : [`--device=${options.device}`]
    this.process = new AudioProcess(
      "pacat",
      ["--playback", "-v", ...target, ...streamArguments(options.rateHz, PLAY_LATENCY_MS, "speech")],
      ["pipe", "ignore", "pipe"],
      onExit,
    )
    this.started = new Promise((resolve) => {
      this.process.child.stderr?.on("data", (bytes: Buffer) => this.#read(bytes.toString("utf8"), resolve))
    })
  }

  write(samples: Int16Array): void {
    this.#handed += samples.length
    // The caller may reuse its array while the pipe is full, so the bytes are copied.
    this.process.child.stdin?.write(Buffer.from(toBytes(samples)))
  }

  /** Samples handed over and not heard yet. */
  unheard(): number {
    if (!this.process.alive) return 0
    if (this.#heardMs === undefined) return this.#handed
    const heardMs = this.#heardMs + (this.#options.clock.now() - this.#reportedAtMs)
    return Math.max(0, this.#handed - msToSamples(heardMs, this.#options.rateHz))
  }

  #read(text: string, started: () => void): void {
    const times = [...text.matchAll(/Time: ([\d.]+) sec/g)]
    const heardMs = Number(times.at(-1)?.[1] ?? 0) * 1000
    // Before the stream runs, its time stands at zero.
    if (heardMs > 0) {
      this.#heardMs = heardMs
      this.#reportedAtMs = this.#options.clock.now()
    }
    if (/Stream started/.test(text) || heardMs > 0) started()
  }
}

/**
 * Playback with a second pacat standing by, connected and empty. Killing the playing one silences it in about a
 * millisecond, whatever its pipe and the server hold; the other takes over without waiting for a connection.
 */
class PulseOutput implements AudioOutput {
  readonly rateHz: number
  readonly #options: PulseOutputOptions
  #active: Player
  #standby: Player
  #retry: unknown
  #failure: string | undefined
  #closed = false

  constructor(options: PulseOutputOptions) {
    this.rateHz = options.rateHz
    this.#options = options
    this.#active = this.#launch()
    this.#standby = this.#launch()
  }

  write(samples: Int16Array): Effect.Effect<void, AudioError> {
    return Effect.suspend(() => {
      // Whoever plays is stopped a moment after the devices; that is no loudspeaker that went away.
      if (this.#closed) return Effect.void
      if (!this.#active.process.alive)
        return Effect.fail(
          new AudioError({
            message: `The loudspeaker is away (${this.#failure ?? "pacat ended"}); trying again. Check that it is connected.`,
          }),
        )
      this.#active.write(samples)
      return Effect.void
    })
  }

  flush(): Effect.Effect<{ readonly droppedSamples: number }> {
    return Effect.sync(() => {
      const droppedSamples = this.#active.unheard()
      this.#active.process.kill()
      this.#promote()
      return { droppedSamples }
    })
  }

  latencyMs(): number {
    return samplesToMs(this.#active.unheard(), this.rateHz)
  }

  /** Resolves when the device runs, or has had its chance to. */
  readonly started = Effect.suspend(() => {
    this.#active.write(new Int16Array(msToSamples(PRIMING_MS, this.rateHz)))
    return Effect.promise(() => Promise.race([this.#active.started, this.#active.process.gone])).pipe(
      Effect.timeoutOption(START_TIMEOUT_MS),
      Effect.asVoid,
    )
  })

  async close(): Promise<void> {
    this.#closed = true
    this.#options.clock.clearTimeout(this.#retry)
    this.#active.process.kill()
    this.#standby.process.kill()
    await Promise.all([this.#active.process.gone, this.#standby.process.gone])
  }

  #promote(): void {
    this.#active = this.#standby
    this.#standby = this.#launch()
  }

  #launch(): Player {
    const player = new Player(this.#options, (reason) => {
      if (this.#closed) return
      this.#failure = reason
      if (this.#retry !== undefined) return
      this.#retry = this.#options.clock.setTimeout(() => this.#repair(), RETRY_MS)
    })
    return player
  }

  /** Replaces the players that ended by themselves. */
  #repair(): void {
    this.#retry = undefined
    if (this.#closed) return
    if (!this.#standby.process.alive) this.#standby = this.#launch()
    if (!this.#active.process.alive) this.#promote()
  }
}

export const openPulseOutput = (options: PulseOutputOptions): Effect.Effect<AudioOutput, never, Scope> =>
  Effect.gen(function* () {
    const output = yield* Effect.acquireRelease(
      Effect.sync(() => new PulseOutput(options)),
      (opened) => Effect.promise(() => opened.close()),
    )
    yield* output.started
    return output
  })
