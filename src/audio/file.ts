import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type { Scope } from "effect/Scope"
import * as Stream from "effect/Stream"
import type { AudioBackend, AudioFailure, HearingFrame } from "../ports/audio.ts"
import type { Clock } from "../ports/clock.ts"
import type { AudioClock } from "./audio-clock.ts"
import { AudioError } from "./audio-error.ts"
import { ConversationRecorder, type RecorderOptions, type RecorderTrack } from "./conversation-recorder.ts"
import { FRAME_SAMPLES, SAMPLE_RATE_HZ, samplesToMs } from "./format.ts"
import { FrameChunker } from "./frame-chunker.ts"
import { monotonicClock } from "./monotonic-clock.ts"
import { OutputTimeline } from "./output-timeline.ts"
import type { SpokenScript } from "./spoken-script.ts"
import type { WavError } from "./wav-error.ts"
import { WavReader } from "./wav-reader.ts"

export interface FileBackendOptions {
  /** A WAV file, or a script that a program speaks. */
  readonly input: string | SpokenScript
  /** Where to write what Jett says, mono. */
  readonly outputPath?: string | undefined
  /** Where to write both sides, stereo: you on the left, Jett on the right. */
  readonly conversationPath?: string | undefined
  readonly recordRateHz?: number | undefined
  /**
   * "clock": as fast as the models allow; each frame waits until `quiescent` resolves, so that results do not depend on
   * the machine's speed. "realtime": at the speed of a microphone.
   */
  readonly pace: "realtime" | "clock"
  /** Advanced with the frames, in both paces; input and output share its timeline. */
  readonly clock: AudioClock
  /** Resolves when no inference for earlier audio is pending. */
  readonly quiescent?: (() => Promise<void>) | undefined
  /** Silence after the end of the file, at most; replies are played out in it. 60 s unless given. */
  readonly tailLimitMs?: number | undefined
  /** Real time, for tests. */
  readonly monotonic?: Clock | undefined
}

export interface FileBackend extends AudioBackend {
  readonly id: "file"
  /** Completes when the last sample of the file has been given out; silence follows. */
  readonly inputEnded: Effect.Effect<void>
  /** Ends the input after the current frame: the caller has heard what it was waiting for. */
  stop(): void
}

const DEFAULT_TAIL_LIMIT_MS = 60_000
const DEFAULT_RECORD_RATE_HZ = 24_000

/** A WAV file as the microphone, and WAV files as the loudspeaker. Recordings are complete when the scope closes. */
export const fileBackend = (
  options: FileBackendOptions,
): Effect.Effect<FileBackend, AudioFailure | WavError, Scope> =>
  Effect.gen(function* () {
    const rateHz = options.recordRateHz ?? DEFAULT_RECORD_RATE_HZ
    const wanted: RecorderOptions[] = []
    if (options.outputPath !== undefined) wanted.push({ path: options.outputPath, layout: "mono", rateHz })
    if (options.conversationPath !== undefined)
      wanted.push({ path: options.conversationPath, layout: "stereo", rateHz })
    const recorders = yield* Effect.all(wanted.map(ConversationRecorder.open))
    const ended = yield* Deferred.make<void>()
    const outputs = new Set<OutputTimeline>()
    let stopped = false

    const track = (side: "you" | "jett", trackRateHz: number) =>
      Effect.map(
        Effect.all(recorders.map((recorder) => recorder.track(side, trackRateHz, options.clock.now()))),
        (tracks): RecorderTrack => ({
          push: (samples) => {
            for (const one of tracks) one.push(samples)
          },
        }),
      )

    /** Moves time on by one frame: timers fire, outputs play, recordings grow. */
    const advance = (endSample: number) =>
      Effect.gen(function* () {
        options.clock.advanceTo(endSample)
        for (const output of outputs) output.settle()
        for (const recorder of recorders)
          yield* Effect.catch(recorder.advance(options.clock.now()), (error) =>
            Effect.fail(new AudioError({ message: error.message, cause: error })),
          )
      })

    const settle =
      options.pace === "clock"
        ? Effect.promise(async () => {
            // What the last frame set off may still be on its way to becoming an inference.
            await new Promise<void>((resolve) => setImmediate(resolve))
            await options.quiescent?.()
          })
        : Effect.void

    return {
      id: "file" as const,
      devices: Effect.succeed([
        {
          name: nameOf(options.input),
          description: "A WAV file as the microphone",
          direction: "input" as const,
          isDefault: true,
        },
      ]),
      inputEnded: Deferred.await(ended),
      stop: () => {
        stopped = true
      },
      openInput: () =>
        Effect.gen(function* () {
          const nextFrame = yield* openFrames(options.input, ended)
          const you = yield* track("you", SAMPLE_RATE_HZ)
          const baseSample = options.clock.nowSample()
          const waitUntil = realtimeGate(options)
          let tailMs = 0
          const step = Effect.gen(function* () {
            yield* settle
            const { frame, tail } = yield* nextFrame
            tailMs = tail ? tailMs + samplesToMs(FRAME_SAMPLES) : 0
            if (stopped || tailMs > (options.tailLimitMs ?? DEFAULT_TAIL_LIMIT_MS)) return undefined
            const endSample = frame.startSample + FRAME_SAMPLES
            yield* waitUntil(samplesToMs(endSample))
            you.push(frame.samples)
            yield* advance(baseSample + endSample)
            yield* settle
            return frame
          })
          return {
            frames: Stream.unfold(undefined, () =>
              Effect.map(step, (frame) => (frame === undefined ? undefined : ([frame, undefined] as const))),
            ),
            health: Stream.make({ type: "open" as const, device: nameOf(options.input) }),
          }
        }),
      openOutput: ({ rateHz: outputRateHz }) =>
        Effect.gen(function* () {
          const jett = yield* track("jett", outputRateHz)
          return yield* Effect.acquireRelease(
            Effect.sync(() => {
              const output = new OutputTimeline(outputRateHz, () => options.clock.now(), jett.push)
              outputs.add(output)
              return output
            }),
            (output) =>
              Effect.sync(() => {
                output.settle()
                outputs.delete(output)
              }),
          )
        }),
    }
  })

interface PacedFrame {
  readonly frame: HearingFrame
  /** Silence after the end of the file. */
  readonly tail: boolean
}

const nameOf = (input: string | SpokenScript): string => (typeof input === "string" ? input : "script")

/** The next samples of the input at each run, undefined at its end. */
const openPieces = (
  input: string | SpokenScript,
): Effect.Effect<Effect.Effect<Int16Array | undefined, AudioFailure>, AudioFailure, Scope> =>
  Effect.gen(function* () {
    if (typeof input !== "string") return Effect.sync(() => input.take())
    const failed = (error: WavError) => new AudioError({ message: error.message, cause: error })
    const reader = yield* Effect.mapError(WavReader.open(input), failed)
    return Effect.mapError(yield* reader.openHearing, failed)
  })

const openFrames = (
  input: string | SpokenScript,
  ended: Deferred.Deferred<void>,
): Effect.Effect<Effect.Effect<PacedFrame, AudioFailure>, AudioFailure, Scope> =>
  Effect.gen(function* () {
    const nextPiece = yield* openPieces(input)
    const chunker = new FrameChunker()
    const ready: HearingFrame[] = []
    let finished = false
    const silence = new Int16Array(FRAME_SAMPLES)
    return Effect.gen(function* () {
      while (ready.length === 0 && !finished) {
        const piece = yield* nextPiece
        if (piece !== undefined) {
          ready.push(...chunker.push(piece))
          continue
        }
        finished = true
        const last = chunker.finish()
        if (last !== undefined) ready.push(last)
      }
      const frame = ready.shift()
      if (frame !== undefined) return { frame, tail: false }
      yield* Deferred.succeed(ended, undefined)
      const [padding] = chunker.push(silence)
      return { frame: padding ?? chunker.gap(), tail: true }
    })
  })

/** Waits, at the pace of a microphone, until audio time `audioMs`; a late caller is not made later. */
const realtimeGate = (options: FileBackendOptions): ((audioMs: number) => Effect.Effect<void>) => {
  if (options.pace === "clock") return () => Effect.void
  const clock = options.monotonic ?? monotonicClock
  let originMs: number | undefined
  return (audioMs) =>
    Effect.callback<void>((resume) => {
      originMs ??= clock.now()
      const waitMs = originMs + audioMs - clock.now()
      if (waitMs <= 0) {
        resume(Effect.void)
        return
      }
      const timer = clock.setTimeout(() => resume(Effect.void), waitMs)
      return Effect.sync(() => clock.clearTimeout(timer))
    })
}
