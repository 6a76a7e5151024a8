import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { AudioClock } from "../audio/audio-clock.ts"
import { FRAME_MS, FRAME_SAMPLES, msToSamples, samplesToMs } from "../audio/format.ts"
import { RingBuffer } from "../audio/ring-buffer.ts"
import {
  initialSegmenterState,
  type SegmenterConfig,
  type SegmenterEvent,
  segmenterStep,
} from "../audio/segmenter.ts"
import type { WakeGate } from "../audio/wake-gate.ts"
import type { HearingEvent } from "../machines/conversation-types.ts"
import type { AudioFailure, AudioInput, HearingFrame } from "../ports/audio.ts"
import type { Listener, ListenerResult } from "../ports/speech.ts"
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

/** Frames that may wait for the listener; older ones are dropped, because late hearing is worse than a gap. */
const QUEUED_FRAMES = Math.round(2000 / FRAME_MS)

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
  #segmenter = initialSegmenterState
  #resting = true
  #droppedFrames = 0
  #seenFrames = 0

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
    const frames = input.frames.pipe(Stream.tap((frame) => Effect.sync(() => this.#arrive(frame))))
    // On a simulated clock the input waits for the listener, so nothing can pile up and nothing may be dropped.
    const queued = this.#options.timebase.simulated
      ? frames
      : frames.pipe(Stream.buffer({ capacity: QUEUED_FRAMES, strategy: "sliding" }))
    return queued.pipe(Stream.runForEach((frame) => this.#listen(frame)))
  }

  #arrive(frame: HearingFrame): void {
    const endMs = samplesToMs(frame.startSample + frame.samples.length)
    this.#ring.skipTo(frame.startSample)
    this.#ring.push(frame.samples)
    if (this.#resting) this.#forget()
    this.#options.timebase.frameArrived(endMs)
    this.#options.clock.advanceTo(frame.startSample + frame.samples.length)
  }

  #listen(frame: HearingFrame): Effect.Effect<void> {
    const { listener, pending } = this.#options
    const index = Math.round(frame.startSample / FRAME_SAMPLES)
    this.#droppedFrames += Math.max(0, index - this.#seenFrames)
    this.#seenFrames = index + 1
    // A listener that is away hears nothing; its host is restarted by its supervisor, not here.
    const heard = listener.listen(frame.samples).pipe(Effect.orElseSucceed(() => nothingHeard))
    return pending.track(heard.pipe(Effect.map((result) => this.#understand(index, result))))
  }

  #understand(frameIndex: number, result: ListenerResult): void {
    const { clock, segmenter, wakeGate, newTurnId, onEvent } = this.#options
    const nowMs = clock.now()
    const probability = result.voiceActivity[0] ?? 0
    this.#noteVoice(frameIndex, probability >= segmenter.speechThreshold)
    const step = segmenterStep(segmenter, this.#segmenter, { frameIndex, probability })
    this.#segmenter = step.state
    const endMs = (frameIndex + 1) * FRAME_MS
    for (const score of result.wake) {
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
