import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { AudioClock } from "../../audio/audio-clock.ts"
import { FRAME_MS, FRAME_SAMPLES, msToSamples, samplesToMs } from "../../audio/format.ts"
import { joinSamples } from "../../audio/join-samples.ts"
import { RingBuffer } from "../../audio/ring-buffer.ts"
import {
  initialSegmenterState,
  type SegmenterConfig,
  type SegmenterEvent,
  segmenterStep,
} from "../../audio/segmenter.ts"
import type { WakeGate } from "../../audio/wake-gate.ts"
import type { HearingEvent } from "../../machines/conversation/conversation-types.ts"
import type { AudioFailure, AudioInput, HearingFrame } from "../../ports/audio.ts"
import type { Listener, ListenerResult } from "../../ports/speech.ts"
import type { PendingWork } from "./pending-work.ts"
import type { Timebase } from "./timebase.ts"

export interface HearingOptions {
  readonly listener: Listener
  readonly clock: AudioClock
  readonly timebase: Timebase
  readonly pending: PendingWork
  readonly wakeGate: WakeGate
  readonly segmenter: SegmenterConfig
  /** Longest sound that can be asked for afterwards. */
  readonly keepMs: number
  readonly newTurnId: () => string
  readonly onEvent: (event: HearingEvent) => void
}

/** Sound that the listener gets later than this is left out, because late hearing is worse than a gap. */
const MAX_LATE_MS = 2000
const MAX_LATE_FRAMES = Math.round(MAX_LATE_MS / FRAME_MS)

/**
 * While nobody speaks and no turn is in hand, so many frames go to the listener together: waking four processes and
 * threads for each of them costs more than the models do. Two steps of the wake word, 160 ms. As soon as there is a
 * voice each frame goes at once, long before a wake word is over.
 */
const QUIET_BATCH_FRAMES = 5

/** The wake phrase, what the detector needs to notice it, and the pre-roll. */
const RESTING_KEEP_MS = 2000

const nothingHeard: ListenerResult = { voiceActivity: [], wake: [] }

/**
 * From frames to what they mean: moves the audio clock, keeps the sound for a while, and turns the listener's scores
 * into wakes and speech. The only place where sound and the conversation meet; the conversation gets positions.
 */
export class Hearing {
  readonly #options: HearingOptions
  readonly #ring: RingBuffer
  /** Frame index of each voiced frame that the ring still holds. */
  #voiced: number[] = []
  #gathered: HearingFrame[] = []
  #segmenter = initialSegmenterState
  #resting = true
  #droppedFrames = 0
  #seenFrames = 0
  #lastProbability = 0

  constructor(options: HearingOptions) {
    this.#options = options
    this.#ring = new RingBuffer(options.keepMs)
  }

  get inSpeech(): boolean {
    return this.#segmenter.phase === "speaking"
  }

  /** Frames that the listener never saw because it was behind or away. */
  get droppedFrames(): number {
    return this.#droppedFrames
  }

  /** Int16Array, mono, 16 kHz: what was heard between two moments of the audio clock, as far as it is kept. */
  sound(fromMs: number, toMs: number): Int16Array {
    return this.#ring.slice(msToSamples(Math.max(0, fromMs)), msToSamples(toMs))
  }

  /** How much of that was voiced, in ms. */
  voicedMs(fromMs: number, toMs: number): number {
    const from = Math.floor(fromMs / FRAME_MS)
    const to = Math.ceil(toMs / FRAME_MS)
    return this.#voiced.filter((index) => index >= from && index < to).length * FRAME_MS
  }

  /** While no turn is in hand only the last moments are kept: enough for the wake word itself. */
  set resting(resting: boolean) {
    this.#resting = resting
    if (resting) this.#forget()
  }

  #forget(): void {
    this.#ring.forgetBefore(this.#ring.end - msToSamples(RESTING_KEEP_MS))
  }

  /** Runs until the input ends or fails. */
  run(input: AudioInput): Effect.Effect<void, AudioFailure> {
    const listen = (batch: readonly HearingFrame[]) => this.#listen(batch)
    // On a simulated clock the input waits for the listener, so nothing can pile up and nothing may be dropped.
    if (this.#options.timebase.simulated) {
      return Stream.runForEach(input.frames, (frame) => Effect.suspend(() => listen(this.#arrive(frame))))
    }
    return input.frames.pipe(
      Stream.map((frame) => this.#arrive(frame)),
      Stream.filter((batch) => batch.length > 0),
      Stream.buffer({ capacity: MAX_LATE_FRAMES, strategy: "sliding" }),
      Stream.runForEach(listen),
    )
  }

  /** Gives the frames that are to be listened to now: none while they may wait for one another. */
  #arrive(frame: HearingFrame): readonly HearingFrame[] {
    const endMs = samplesToMs(frame.startSample + frame.samples.length)
    this.#ring.skipTo(frame.startSample)
    this.#ring.push(frame.samples)
    if (this.#resting) this.#forget()
    this.#options.timebase.frameArrived(endMs)
    this.#options.clock.advanceTo(frame.startSample + frame.samples.length)
    this.#gathered.push(frame)
    if (this.#mayWait() && this.#gathered.length < QUIET_BATCH_FRAMES) return []
    const batch = this.#gathered
    this.#gathered = []
    return batch
  }

  #mayWait(): boolean {
    const { segmenter, timebase } = this.#options
    const quiet = this.#segmenter.phase === "idle" && this.#lastProbability < segmenter.silenceThreshold
    return this.#resting && quiet && !timebase.simulated
  }

  #listen(batch: readonly HearingFrame[]): Effect.Effect<void> {
    const { listener, pending } = this.#options
    const oldest = this.#ring.end - msToSamples(MAX_LATE_MS)
    const frames = batch.filter(({ startSample }) => startSample >= oldest)
    const indices = frames.map(({ startSample }) => Math.round(startSample / FRAME_SAMPLES))
    const last = indices.at(-1)
    if (last === undefined) return Effect.void
    this.#droppedFrames += Math.max(0, last + 1 - this.#seenFrames - indices.length)
    this.#seenFrames = last + 1
    // A listener that is away hears nothing; its host is restarted by its supervisor, not here.
    const heard = listener
      .listen(joinSamples(frames.map(({ samples }) => samples)))
      .pipe(Effect.orElseSucceed(() => nothingHeard))
    return pending.track(
      Effect.map(heard, ({ voiceActivity, wake }) => {
        for (const [place, index] of indices.entries()) {
          const scores = wake.filter(({ frame }) => frame === place).map(({ score }) => score)
          this.#understand(index, voiceActivity[place] ?? 0, scores)
        }
      }),
    )
  }

  #understand(frameIndex: number, probability: number, wakeScores: readonly number[]): void {
    const { clock, segmenter, wakeGate, newTurnId, onEvent } = this.#options
    const nowMs = clock.now()
    this.#lastProbability = probability
    this.#noteVoice(frameIndex, probability >= segmenter.speechThreshold)
    const step = segmenterStep(segmenter, this.#segmenter, { frameIndex, probability })
    this.#segmenter = step.state
    const endMs = (frameIndex + 1) * FRAME_MS
    for (const score of wakeScores) {
      const wake = wakeGate.push(score, endMs)
      if (wake !== undefined) {
        onEvent({ type: "wake.detected", turnId: newTurnId(), inSpeech: this.inSpeech, nowMs, ...wake })
      }
    }
    const speech = step.event === undefined ? undefined : speechEvent(step.event, newTurnId, nowMs)
    if (speech !== undefined) onEvent(speech)
  }

  #noteVoice(frameIndex: number, voiced: boolean): void {
    if (voiced) this.#voiced.push(frameIndex)
    const oldest = Math.floor(this.#ring.start / FRAME_SAMPLES)
    if ((this.#voiced[0] ?? oldest) < oldest) this.#voiced = this.#voiced.filter((index) => index >= oldest)
  }
}

const speechEvent = (
  event: SegmenterEvent,
  newTurnId: () => string,
  nowMs: number,
): HearingEvent | undefined => {
  switch (event.type) {
    case "speech-started":
      return { type: "speech.started", turnId: newTurnId(), atMs: event.atMs, nowMs }
    case "speech-paused":
      return { type: "speech.paused", atMs: event.atMs, nowMs }
    case "speech-resumed":
      return { type: "speech.resumed", turnId: newTurnId(), atMs: event.atMs, nowMs }
    case "speech-ended":
      return undefined
  }
}
