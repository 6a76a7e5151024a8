import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { describe, expect, it } from "vitest"
import { AudioClock } from "../../src/audio/audio-clock.ts"
import { nullBackend } from "../../src/audio/null.ts"

describe("nullBackend", () => {
  it("hears silence at the pace of its clock, and nothing once closed", async () => {
    const clock = new AudioClock()
    const frames = await Effect.runPromise(
      Effect.scoped(
        Effect.gen(function* () {
          const input = yield* nullBackend(clock).openInput({})
          const reading = yield* Effect.forkChild(Stream.runCollect(Stream.take(input.frames, 31)))
          clock.advanceTo(16_000)
          return yield* Fiber.join(reading)
        }),
      ),
    )
    expect(frames.map(({ startSample }) => startSample)).toEqual(
      Array.from({ length: 31 }, (_, i) => 512 * i),
    )
    expect(frames.every(({ gap, samples }) => !gap && samples.every((sample) => sample === 0))).toBe(true)
  })

  it("plays to nobody in real time, so that pacing and latency are those of a real device", async () => {
    const clock = new AudioClock()
    const latencies = await Effect.runPromise(
      Effect.scoped(
        Effect.gen(function* () {
          const output = yield* nullBackend(clock).openOutput({ rateHz: 22_050 })
          yield* output.write(new Int16Array(2205))
          const before = output.latencyMs()
          clock.advanceTo(40 * 16)
          const after = output.latencyMs()
          return [before, after, (yield* output.flush()).droppedSamples]
        }),
      ),
    )
    expect(latencies).toEqual([100, 60, 1323])
  })
})
