import * as Effect from "effect/Effect"
import type { Scope } from "effect/Scope"
import type { AudioFailure, AudioOutput } from "../ports/audio.ts"
import type { Clock } from "../ports/clock.ts"
import { MAX_AHEAD_MS, msToSamples, samplesToMs } from "./format.ts"
import { firstAudible } from "./level.ts"
import { Pacer } from "./pacer.ts"
import { type Clip, PlaybackLog } from "./playback-log.ts"
import { applyVolume } from "./volume.ts"

export type PlaybackEvent =
  /** The clip's first sample above −50 dBFS was handed over at `atMs` and is heard `latencyMs` later. */
  | {
      readonly type: "first-audible"
      readonly clipId: string
      readonly atMs: number
      readonly latencyMs: number
    }
  /** The clip's last sample has been heard, not only handed over. */
  | { readonly type: "clip-finished"; readonly clipId: string; readonly atMs: number }
  /** Everything enqueued has been heard. */
  | { readonly type: "drained"; readonly atMs: number }
  | { readonly type: "failed"; readonly message: string }

export interface PlayedClip {
  readonly clipId: string
  /** What was heard of it: handed over, minus what the device still held. */
  readonly playedMs: number
  readonly durationMs: number
}

export interface PlaybackOptions {
  readonly output: AudioOutput
  /** The clock the device runs by: monotonic for a sound card, the audio clock for a file. */
  readonly clock: Clock
  /** Called synchronously; must not throw. */
  readonly onEvent: (event: PlaybackEvent) => void
}

const TICK_MS = 20
/** Silence kept ahead while nothing is said: every millisecond of it delays the first syllable. */
const IDLE_AHEAD_MS = 40
/** A device that fell this far behind its best is given no silence until it has caught up. */
const BACKLOG_TOLERANCE_MS = 40

/**
 * The pacing queue of one open output. It hands clips over at most 100 ms ahead, so that `pause` and `flush` have little
 * to take back, and feeds silence in between, so that a sleeping sink does not clip the first syllable.
 */
export class PlaybackQueue {
  readonly #output: AudioOutput
  readonly #clock: Clock
  readonly #onEvent: (event: PlaybackEvent) => void
  readonly #log = new PlaybackLog()
  readonly #pacer: Pacer
  #clips: Clip[] = []
  #volume = 1
  #paused = false
  #reclaiming = false
  #drained = true
  #leastExcessMs = Number.POSITIVE_INFINITY
  #timer: unknown
  #stopped = false

  constructor(options: PlaybackOptions) {
    this.#output = options.output
    this.#clock = options.clock
    this.#onEvent = options.onEvent
    this.#pacer = new Pacer(options.output.rateHz)
    this.#tick()
  }

  /** Opens a queue that stops feeding the output when the scope closes; close it before the output. */
  static open(options: PlaybackOptions): Effect.Effect<PlaybackQueue, never, Scope> {
    return Effect.acquireRelease(
      Effect.sync(() => new PlaybackQueue(options)),
      (queue) => Effect.sync(() => queue.stop()),
    )
  }

  get paused(): boolean {
    return this.#paused
  }

  get volume(): number {
    return this.#volume
  }

  /** 0..1.5; heard within 100 ms, because it applies to what is not handed over yet. */
  set volume(volume: number) {
    this.#volume = volume
  }

  /** Appends a whole clip: Int16Array, mono, at the output's rate (`resampleClip` brings others to it). */
  enqueue(clipId: string, samples: Int16Array): void {
    if (this.#drained) this.#clips = []
    this.#drained = false
    this.#clips.push({ id: clipId, samples, handed: 0, endsAt: undefined, audible: false, finished: false })
    // At once, not at the next tick: the wait would be part of the answer's latency.
    this.#feed()
  }

  /** Silence at once: what the device has not played yet is taken back and comes again after `resume`. */
  readonly pause: Effect.Effect<void, AudioFailure> = Effect.suspend(() => {
    this.#paused = true
    return this.#reclaim()
  })

  resume(): void {
    this.#paused = false
    this.#feed()
  }

  /** What has been heard so far of each clip that is queued, playing or just finished. */
  played(): readonly PlayedClip[] {
    const unheard = msToSamples(this.#output.latencyMs(), this.#output.rateHz)
    return this.#report(this.#log.unheardOf(unheard))
  }

  /** Drops everything, also what the device holds, and says how much of each clip was heard. Ends a pause. */
  readonly flush: Effect.Effect<readonly PlayedClip[], AudioFailure> = Effect.suspend(() =>
    Effect.map(this.#reclaim(), () => {
      const played = this.#report(new Map())
      this.#clips = []
      this.#drained = true
      this.#paused = false
      return played
    }),
  )

  stop(): void {
    this.#stopped = true
    this.#clock.clearTimeout(this.#timer)
  }

  #tick(): void {
    if (this.#stopped) return
    this.#feed()
    this.#settle()
    this.#timer = this.#clock.setTimeout(() => this.#tick(), TICK_MS)
  }

  #feed(): void {
    if (this.#reclaiming || this.#stopped) return
    const rateHz = this.#output.rateHz
    this.#pacer.settle(this.#clock.now())
    while (!this.#paused) {
      const clip = this.#clips.find((one) => one.handed < one.samples.length)
      const room = msToSamples(MAX_AHEAD_MS - this.#pacer.aheadMs(this.#clock.now()), rateHz)
      if (clip === undefined || room <= 0) break
      this.#hand(clip, clip.samples.subarray(clip.handed, clip.handed + room))
    }
    this.#feedSilence()
  }

  #feedSilence(): void {
    const aheadMs = this.#pacer.aheadMs(this.#clock.now())
    const silence = msToSamples(IDLE_AHEAD_MS - aheadMs, this.#output.rateHz)
    if (silence <= 0) return
    const excessMs = this.#output.latencyMs() - aheadMs
    this.#leastExcessMs = Math.min(this.#leastExcessMs, excessMs)
    // The device started late or stalled: left alone, it would stay behind for good.
    if (excessMs > this.#leastExcessMs + BACKLOG_TOLERANCE_MS) return
    this.#write(undefined, new Int16Array(silence))
  }

  #hand(clip: Clip, samples: Int16Array): void {
    const scaled = applyVolume(samples, this.#volume)
    const audible = clip.audible ? -1 : firstAudible(scaled)
    const delayMs = this.#output.latencyMs()
    clip.handed += samples.length
    this.#write(clip, scaled)
    if (clip.handed === clip.samples.length) clip.endsAt = this.#log.handed
    if (audible < 0) return
    clip.audible = true
    this.#onEvent({
      type: "first-audible",
      clipId: clip.id,
      atMs: this.#clock.now(),
      latencyMs: delayMs + samplesToMs(audible, this.#output.rateHz),
    })
  }

  #write(clip: Clip | undefined, samples: Int16Array): void {
    this.#pacer.handed(samples.length)
    this.#log.append(clip, samples.length)
    Effect.runFork(
      Effect.catch(this.#output.write(samples), (failure) =>
        Effect.sync(() => this.#onEvent({ type: "failed", message: failure.message })),
      ),
    )
  }

  #settle(): void {
    const atMs = this.#clock.now()
    const heard = this.#log.handed - msToSamples(this.#output.latencyMs(), this.#output.rateHz)
    for (const clip of this.#clips) {
      if (clip.finished || clip.endsAt === undefined || clip.endsAt > heard) continue
      clip.finished = true
      this.#onEvent({ type: "clip-finished", clipId: clip.id, atMs })
    }
    if (this.#drained || this.#clips.some((clip) => !clip.finished)) return
    this.#drained = true
    this.#onEvent({ type: "drained", atMs })
  }

  #reclaim(): Effect.Effect<void, AudioFailure> {
    this.#reclaiming = true
    return Effect.ensuring(
      Effect.map(this.#output.flush(), ({ droppedSamples }) => this.#log.takeBack(droppedSamples)),
      Effect.sync(() => {
        this.#reclaiming = false
        this.#pacer.empty(this.#clock.now())
      }),
    )
  }

  #report(unheard: ReadonlyMap<Clip, number>): readonly PlayedClip[] {
    const rateHz = this.#output.rateHz
    return this.#clips.map((clip) => ({
      clipId: clip.id,
      playedMs: samplesToMs(Math.max(0, clip.handed - (unheard.get(clip) ?? 0)), rateHz),
      durationMs: samplesToMs(clip.samples.length, rateHz),
    }))
  }
}
