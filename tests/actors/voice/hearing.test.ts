import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import { expect, it } from "vitest"
import { SimulatedClock } from "xstate"
import { Hearing } from "../../../src/actors/voice/hearing.ts"
import { PendingWork } from "../../../src/actors/voice/pending-work.ts"
import { Timebase } from "../../../src/actors/voice/timebase.ts"
import { AudioClock } from "../../../src/audio/audio-clock.ts"
import { FRAME_MS, FRAME_SAMPLES } from "../../../src/audio/format.ts"
import { defaultSegmenterConfig } from "../../../src/audio/segmenter.ts"
import { WakeGate } from "../../../src/audio/wake-gate.ts"
import type { HearingEvent } from "../../../src/machines/conversation/conversation-types.ts"
import { ModelError } from "../../../src/models/model-error.ts"
import type { HearingFrame } from "../../../src/ports/audio.ts"
import type { ModelFailure } from "../../../src/ports/models.ts"
import type { Listener, ListenerResult } from "../../../src/ports/speech.ts"

const died: ModelFailure = new ModelError({
  model: "listener",
  reason: "died",
  message: "its host was killed",
})

/** Hearing over `count` frames; frame `i` holds the sample value `i + 1`, and `hear(i)` is what the listener makes of it. */
const hearFrames = async (options: {
  readonly count: number
  readonly hear: (index: number) => Effect.Effect<ListenerResult, ModelFailure>
  readonly frames?: readonly number[]
  readonly simulated?: boolean
  readonly resting?: boolean
}) => {
  const { count, hear, simulated = true } = options
  const audio = new AudioClock()
  const events: HearingEvent[] = []
  let next = 0
  const listener: Listener = { listen: (samples) => hear((samples[0] ?? 0) - 1) }
  const hearing = new Hearing({
    listener,
    clock: audio,
    timebase: new Timebase({ audio, monotonic: new SimulatedClock(), simulated }),
    pending: new PendingWork(),
    wakeGate: new WakeGate({ threshold: 0.5, steps: 2, refractoryMs: 2000 }),
    segmenter: defaultSegmenterConfig,
    keepMs: 5000,
    newTurnId: () => `turn-${next++}`,
    onEvent: (event) => events.push(event),
  })
  hearing.resting = options.resting ?? false
  const indices = options.frames ?? Array.from({ length: count }, (_, index) => index)
  await Effect.runPromise(
    hearing.run({
      frames: Stream.fromIterable(indices).pipe(
        Stream.map((index) => ({
          samples: new Int16Array(FRAME_SAMPLES).fill(index + 1),
          startSample: index * FRAME_SAMPLES,
          gap: false,
        })),
      ),
      health: Stream.empty,
    }),
  )
  return { hearing, events, audio }
}

const voice = (probability: number, ...wake: readonly number[]): Effect.Effect<ListenerResult> =>
  Effect.succeed({ voiceActivity: [probability], wake: wake.map((score) => ({ score, frame: 0 })) })

it("turns scores into speech and a wake word, each at its place on the audio clock", async () => {
  const { events, audio, hearing } = await hearFrames({
    count: 40,
    hear: (i) => voice(i >= 10 && i < 30 ? 0.9 : 0.05, ...(i === 20 || i === 21 ? [0.97 - i / 1000] : [])),
  })
  expect(events).toEqual([
    { type: "speech.started", turnId: "turn-0", atMs: 10 * FRAME_MS, nowMs: 13 * FRAME_MS },
    {
      type: "wake.detected",
      turnId: "turn-1",
      score: 0.95,
      inSpeech: true,
      atMs: 22 * FRAME_MS,
      nowMs: 22 * FRAME_MS,
    },
    { type: "speech.paused", atMs: 30 * FRAME_MS, nowMs: 32 * FRAME_MS },
  ])
  expect(audio.now()).toBe(40 * FRAME_MS)
  expect(hearing.inSpeech).toBe(false)
  expect(hearing.voicedMs(0, 40 * FRAME_MS)).toBe(20 * FRAME_MS)
  expect(hearing.voicedMs(10 * FRAME_MS, 15 * FRAME_MS)).toBe(5 * FRAME_MS)
})

it("gives the sound between two moments, as far as it is kept", async () => {
  const { hearing } = await hearFrames({ count: 400, hear: () => voice(0) })
  const sound = hearing.sound(380 * FRAME_MS, 382 * FRAME_MS)
  expect([sound.length, sound[0], sound.at(-1)]).toEqual([2 * FRAME_SAMPLES, 381, 382])
  expect(hearing.sound(-100, 10)).toHaveLength(0)
  expect(hearing.sound(399 * FRAME_MS, 999 * FRAME_MS)).toHaveLength(FRAME_SAMPLES)
})

it("keeps only the last moments while nobody speaks to it", async () => {
  const { hearing } = await hearFrames({ count: 400, hear: () => voice(0), resting: true })
  const kept = hearing.sound(0, 400 * FRAME_MS)
  expect(kept.length).toBeGreaterThan(0)
  expect(kept.length).toBeLessThanOrEqual(2 * 16_000)
  expect(kept.at(-1)).toBe(400)
})

it("puts silence where frames are missing, so that positions stay true", async () => {
  const { hearing } = await hearFrames({ count: 0, frames: [0, 1, 5], hear: () => voice(0) })
  const sound = hearing.sound(0, 6 * FRAME_MS)
  expect([0, 1, 2, 4, 5].map((i) => sound[i * FRAME_SAMPLES])).toEqual([1, 2, 0, 0, 6])
})

it("hears nothing while the listener is away, and hears again afterwards", async () => {
  const { events } = await hearFrames({
    count: 30,
    hear: (i) => (i < 10 ? Effect.fail(died) : voice(0.9)),
  })
  expect(events).toMatchObject([{ type: "speech.started", atMs: 10 * FRAME_MS }])
})

it("drops the oldest frames of a live input when the listener is behind, and counts them", async () => {
  let heard = 0
  const { hearing, audio } = await hearFrames({
    count: 500,
    simulated: false,
    hear: () =>
      Effect.gen(function* () {
        heard++
        // The first inference takes longer than the whole of what follows.
        if (heard === 1) yield* Effect.sleep(20)
        return { voiceActivity: [0], wake: [] }
      }),
  })
  expect(audio.now()).toBe(500 * FRAME_MS)
  // Those in hand, and two seconds that wait.
  expect(heard).toBeLessThan(150)
  expect(hearing.droppedFrames).toBe(500 - heard)
})

it("drops nothing of a file, however slow the listener is", async () => {
  let heard = 0
  const { hearing } = await hearFrames({
    count: 100,
    hear: () => {
      heard++
      return heard % 10 === 0 ? Effect.andThen(Effect.sleep(1), voice(0)) : voice(0)
    },
  })
  expect([heard, hearing.droppedFrames]).toEqual([100, 0])
})

/** Long enough for every fiber that a frame concerns, however busy the machine. */
const settled = Effect.promise(async () => {
  for (let turn = 0; turn < 20; turn++) await new Promise<void>((resolve) => setImmediate(resolve))
})

it("hands frames over in batches while nobody speaks, each alone from the first voice on", async () => {
  const sizes: number[] = []
  const batches = Effect.runPromise(
    Effect.gen(function* () {
      const frames = yield* Queue.unbounded<HearingFrame>()
      const audio = new AudioClock()
      const listener: Listener = {
        listen: (samples) =>
          Effect.sync(() => {
            const count = samples.length / FRAME_SAMPLES
            sizes.push(count)
            const first = samples[0] ?? 0
            return {
              voiceActivity: Array.from({ length: count }, (_, k) => (first + k >= 23 ? 0.9 : 0.05)),
              // The step that the third frame of a batch completes, at frames 12 and 14.
              wake:
                first === 10
                  ? [
                      { score: 0.9, frame: 2 },
                      { score: 0.8, frame: 4 },
                    ]
                  : [],
            }
          }),
      }
      const events: HearingEvent[] = []
      const hearing = new Hearing({
        listener,
        clock: audio,
        timebase: new Timebase({ audio, monotonic: new SimulatedClock(), simulated: false }),
        pending: new PendingWork(),
        wakeGate: new WakeGate({ threshold: 0.5, steps: 2, refractoryMs: 2000 }),
        segmenter: defaultSegmenterConfig,
        keepMs: 5000,
        newTurnId: () => "turn",
        onEvent: (event) => events.push(event),
      })
      hearing.resting = true
      yield* Effect.forkChild(hearing.run({ frames: Stream.fromQueue(frames), health: Stream.empty }))
      for (let index = 0; index < 31; index++) {
        Queue.offerUnsafe(frames, {
          samples: new Int16Array(FRAME_SAMPLES).fill(index),
          startSample: index * FRAME_SAMPLES,
          gap: false,
        })
        yield* settled
      }
      return { events, droppedFrames: hearing.droppedFrames }
    }),
  )
  const { events, droppedFrames } = await batches
  expect(sizes).toEqual([5, 5, 5, 5, 5, 1, 1, 1, 1, 1, 1])
  expect(droppedFrames).toBe(0)
  expect(events).toMatchObject([
    { type: "wake.detected", atMs: 15 * FRAME_MS, score: 0.9 },
    { type: "speech.started", atMs: 23 * FRAME_MS },
  ])
})
