import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import type { Scope } from "effect/Scope"
import * as Stream from "effect/Stream"
import type { AudioInput, HearingFrame, InputHealth } from "../ports/audio.ts"
import type { Clock } from "../ports/clock.ts"
import { SAMPLE_RATE_HZ, samplesToMs } from "./format.ts"
import { isAllZero } from "./level.ts"

export interface InputWatchConfig {
  /** Digital silence for this long is an alarm: no working microphone gives exactly zero. */
  readonly allZeroMs: number
  /** Nothing from the device for this long is an alarm. */
  readonly stalledMs: number
  /** `null` hears nothing by design, and a file may hold digital silence. */
  readonly exempt: boolean
}

const defaultInputWatchConfig: InputWatchConfig = { allZeroMs: 5000, stalledMs: 1000, exempt: false }

type Trouble = "all-zero" | "stalled"

/** Notices that the microphone is deaf. Says so once for each episode, and once when it hears again. */
export class InputWatch {
  readonly #config: InputWatchConfig
  #zeroMs = 0
  #gapMs = 0
  #quietMs = 0
  #muted = false
  #trouble: Trouble | undefined

  constructor(config: Partial<InputWatchConfig> = {}) {
    this.#config = { ...defaultInputWatchConfig, ...config }
  }

  /** What the back end says itself: zeros from a microphone that the sound server calls muted are no alarm. */
  reported(health: InputHealth): void {
    if (health.type === "muted") this.#muted = true
    if (health.type === "recovered" || health.type === "open") this.#muted = false
  }

  /** One frame was heard (or stood in for by silence). */
  frame(frame: HearingFrame): InputHealth | undefined {
    const ms = samplesToMs(frame.samples.length, SAMPLE_RATE_HZ)
    const zero = !this.#muted && isAllZero(frame.samples)
    this.#quietMs = 0
    this.#gapMs = frame.gap ? this.#gapMs + ms : 0
    // A gap says nothing about what the microphone would have given.
    if (!frame.gap) this.#zeroMs = zero ? this.#zeroMs + ms : 0
    return this.#judge()
  }

  /** No frame came for `ms` more: not even the back end's own silence. */
  quiet(ms: number): InputHealth | undefined {
    this.#quietMs += ms
    return this.#judge()
  }

  #judge(): InputHealth | undefined {
    if (this.#config.exempt) return undefined
    const missingMs = Math.max(this.#gapMs, this.#quietMs)
    const trouble: Trouble | undefined =
      missingMs >= this.#config.stalledMs
        ? "stalled"
        : this.#zeroMs >= this.#config.allZeroMs
          ? "all-zero"
          : undefined
    if (trouble === this.#trouble) return undefined
    // Short of an alarm, but still nothing that was really heard: the episode goes on.
    if (trouble === undefined && (missingMs > 0 || this.#zeroMs > 0)) return undefined
    this.#trouble = trouble
    if (trouble === undefined) return { type: "recovered" }
    return { type: trouble, forMs: trouble === "stalled" ? missingMs : this.#zeroMs }
  }
}

const CHECK_EVERY_MS = 250

/**
 * The same input, with the watch's findings among its health events. Each of the two streams is for one consumer.
 * `clock` must be one that runs by itself: the audio clock stands still with a dead device.
 */
export const watchInput = (
  input: AudioInput,
  clock: Clock,
  config: Partial<InputWatchConfig> = {},
): Effect.Effect<AudioInput, never, Scope> =>
  Effect.gen(function* () {
    const found = yield* Queue.sliding<InputHealth>(64)
    const watch = new InputWatch(config)
    const report = (health: InputHealth | undefined) => {
      if (health !== undefined) Queue.offerUnsafe(found, health)
    }
    /** What nobody takes yet, while models load, says nothing about the device. */
    let isTaken = false
    let lastMs = clock.now()
    let timer: unknown
    let checkedMs = lastMs
    const check = () => {
      const nowMs = clock.now()
      if (isTaken && nowMs - lastMs >= CHECK_EVERY_MS)
        report(watch.quiet(nowMs - Math.max(lastMs, checkedMs)))
      checkedMs = nowMs
      timer = clock.setTimeout(check, CHECK_EVERY_MS)
    }
    if (config.exempt !== true) timer = clock.setTimeout(check, CHECK_EVERY_MS)
    yield* Effect.addFinalizer(() =>
      Effect.andThen(
        Effect.sync(() => clock.clearTimeout(timer)),
        Queue.shutdown(found),
      ),
    )
    return {
      frames: Stream.suspend(() => {
        isTaken = true
        lastMs = clock.now()
        return Stream.tap(input.frames, (frame) =>
          Effect.sync(() => {
            lastMs = clock.now()
            report(watch.frame(frame))
          }),
        )
      }).pipe(
        Stream.ensuring(
          Effect.sync(() => {
            isTaken = false
          }),
        ),
      ),
      health: Stream.merge(
        Stream.tap(input.health, (health) => Effect.sync(() => watch.reported(health))),
        Stream.fromQueue(found),
      ),
    }
  })
