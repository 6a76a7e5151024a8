import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import type { Scope } from "effect/Scope"
import * as Stream from "effect/Stream"
import type { AudioInput, HearingFrame, InputHealth } from "../ports/audio.ts"
import type { Clock } from "../ports/clock.ts"
import type { AudioError } from "./audio-error.ts"
import { FRAME_MS, SAMPLE_RATE_HZ, toFloat32, toInt16 } from "./format.ts"
import { FrameChunker } from "./frame-chunker.ts"
import { FRAME_QUEUE_LENGTH } from "./null.ts"
import { Resampler } from "./resampler.ts"

/** A child process that records. Its callbacks are set before it can call any of them. */
export interface Capture {
  /** Ends it at once; `onExit` follows. */
  kill(): void
  /** Resolves when the process is gone. */
  readonly gone: Promise<void>
}

export interface CaptureCallbacks {
  /** Raw s16le bytes, mono, `rateHz`; pieces may split a sample. */
  readonly onBytes: (bytes: Buffer, rateHz: number) => void
  /** The process ended by itself, for this reason. */
  readonly onExit: (reason: string) => void
}

export interface LiveInputOptions {
  readonly device: string
  readonly clock: Clock
  readonly spawn: (callbacks: CaptureCallbacks) => Capture
}

/** A device may deliver in lumps; only a longer silence is a gap. */
const GAP_AFTER_MS = 200
const FIRST_RETRY_MS = 250
const LAST_RETRY_MS = 5000
/** A recording that ran this long was a working one, so the next retry begins anew. */
const STABLE_AFTER_MS = 5000

/** What a back end may add to an input's health from outside. */
export interface LiveInput extends AudioInput {
  readonly report: (health: InputHealth) => void
  /** Replaces the recording process, for example because its device has come back. */
  readonly reopen: () => void
  readonly capture: () => Capture | undefined
}

/**
 * Frames from a recording child process that never end: while the process is away or silent, silence marked as a gap
 * stands in at the pace of the clock, and the process is started again with a back-off of 0.25 to 5 s.
 */
export const openLiveInput = (options: LiveInputOptions): Effect.Effect<LiveInput, never, Scope> =>
  Effect.gen(function* () {
    const frames = yield* Queue.sliding<HearingFrame>(FRAME_QUEUE_LENGTH)
    const health = yield* Queue.sliding<InputHealth>(64)
    const recorder = new Reopening(options, frames, health)
    yield* Effect.addFinalizer(() =>
      Effect.gen(function* () {
        yield* Effect.promise(() => recorder.close())
        yield* Queue.shutdown(frames)
        yield* Queue.shutdown(health)
      }),
    )
    return {
      frames: Stream.fromQueue(frames),
      health: Stream.fromQueue(health),
      report: (event) => {
        Queue.offerUnsafe(health, event)
      },
      reopen: () => recorder.reopen(),
      capture: () => recorder.capture,
    }
  })

class Reopening {
  readonly #options: LiveInputOptions
  readonly #frames: Queue.Enqueue<HearingFrame>
  readonly #health: Queue.Enqueue<InputHealth>
  readonly #chunker = new FrameChunker()
  #capture: Capture | undefined
  #openedMs: number
  #lastDataMs: number
  #nextGapMs = Number.NaN
  #nextCheckMs = 0
  #down = false
  /** We ended the process ourselves, to begin another at once. */
  #replacing = false
  #closed = false
  #retryMs = FIRST_RETRY_MS
  #retry: unknown
  #watchdog: unknown

  constructor(
    options: LiveInputOptions,
    frames: Queue.Enqueue<HearingFrame>,
    health: Queue.Enqueue<InputHealth>,
  ) {
    this.#options = options
    this.#frames = frames
    this.#health = health
    this.#openedMs = this.#lastDataMs = options.clock.now()
    this.#start()
    this.#watch()
    Queue.offerUnsafe(health, { type: "open", device: options.device })
  }

  get capture(): Capture | undefined {
    return this.#capture
  }

  reopen(): void {
    if (this.#capture === undefined) return
    this.#replacing = true
    this.#capture.kill()
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#options.clock.clearTimeout(this.#retry)
    this.#options.clock.clearTimeout(this.#watchdog)
    this.#capture?.kill()
    await this.#capture?.gone
  }

  #start(): void {
    if (this.#closed) return
    this.#openedMs = this.#options.clock.now()
    const decoder = new SampleDecoder((samples) => this.#heard(samples))
    this.#capture = this.#options.spawn({
      onBytes: (bytes, rateHz) => decoder.push(bytes, rateHz),
      onExit: (reason) => {
        decoder.end()
        this.#vanished(reason)
      },
    })
  }

  #heard(samples: Int16Array): void {
    if (this.#closed || samples.length === 0) return
    this.#lastDataMs = this.#options.clock.now()
    this.#nextGapMs = Number.NaN
    if (this.#down) {
      this.#down = false
      Queue.offerUnsafe(this.#health, { type: "recovered" })
    }
    Queue.offerAllUnsafe(this.#frames, this.#chunker.push(samples))
  }

  #vanished(reason: string): void {
    this.#capture = undefined
    if (this.#closed) return
    if (this.#replacing) {
      this.#replacing = false
      this.#start()
      return
    }
    if (!this.#down) Queue.offerUnsafe(this.#health, { type: "vanished", reason })
    this.#down = true
    if (this.#options.clock.now() - this.#openedMs > STABLE_AFTER_MS) this.#retryMs = FIRST_RETRY_MS
    this.#retry = this.#options.clock.setTimeout(() => this.#start(), this.#retryMs)
    this.#retryMs = Math.min(LAST_RETRY_MS, this.#retryMs * 2)
  }

  #watch(): void {
    const nowMs = this.#options.clock.now()
    // When our own timer is late, the data is probably waiting behind it: look again before calling it a gap.
    const late = nowMs - this.#nextCheckMs > FRAME_MS && this.#nextCheckMs > 0
    if (!late && nowMs - this.#lastDataMs > GAP_AFTER_MS) this.#fillGap(nowMs)
    this.#nextCheckMs = nowMs + FRAME_MS
    this.#watchdog = this.#options.clock.setTimeout(() => this.#watch(), FRAME_MS)
  }

  #fillGap(nowMs: number): void {
    if (Number.isNaN(this.#nextGapMs)) this.#nextGapMs = this.#lastDataMs
    for (; this.#nextGapMs + FRAME_MS <= nowMs; this.#nextGapMs += FRAME_MS)
      Queue.offerUnsafe(this.#frames, this.#chunker.gap())
  }
}

/** Bytes in pieces of any length to 16 kHz samples. */
class SampleDecoder {
  readonly #onSamples: (samples: Int16Array) => void
  #odd: Buffer = Buffer.alloc(0)
  #resampler: Resampler | undefined
  #ended = false

  constructor(onSamples: (samples: Int16Array) => void) {
    this.#onSamples = onSamples
  }

  push(bytes: Buffer, rateHz: number): void {
    const all = this.#odd.length === 0 ? bytes : Buffer.concat([this.#odd, bytes])
    const even = all.length - (all.length % 2)
    this.#odd = all.subarray(even)
    const samples = new Int16Array(even / 2)
    for (let i = 0; i < samples.length; i++) samples[i] = all.readInt16LE(2 * i)
    if (rateHz === SAMPLE_RATE_HZ) this.#onSamples(samples)
    else if (this.#resampler !== undefined) this.#onSamples(toInt16(this.#resampler.push(toFloat32(samples))))
    else this.#load(rateHz)
  }

  end(): void {
    this.#ended = true
    this.#resampler?.destroy()
    this.#resampler = undefined
  }

  #loading = false

  /** What arrives while the resampler loads (a tenth of a second, once) is dropped: a gap, like the device's own start. */
  #load(rateHz: number): void {
    if (this.#loading) return
    this.#loading = true
    Effect.runFork(
      Effect.map(
        Effect.orDie<Resampler, AudioError, never>(Resampler.make(rateHz, SAMPLE_RATE_HZ)),
        (made) => {
          if (this.#ended) made.destroy()
          else this.#resampler = made
        },
      ),
    )
  }
}
