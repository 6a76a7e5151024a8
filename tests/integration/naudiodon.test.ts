import { existsSync } from "node:fs"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { afterAll, beforeAll, expect, it } from "vitest"
import { monotonicClock } from "../../src/audio/monotonic-clock.ts"
import { naudiodonBackend } from "../../src/audio/naudiodon.ts"
import { type PlaybackEvent, PlaybackQueue } from "../../src/audio/playback.ts"
import { tone } from "../../src/audio/tone.ts"
import type { HearingFrame } from "../../src/ports/audio.ts"
import { PulseRig } from "../support/pulse.ts"
import { describeWith } from "../support/require-component.ts"

const child = new URL("../../dist/audio/naudiodon-child.js", import.meta.url)
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

describeWith(["naudiodon", "pulse"], "naudiodonBackend", () => {
  let rig: PulseRig
  const backend = naudiodonBackend()
  // PortAudio reaches the test's sound server through ALSA's plug-in for it.
  beforeAll(async () => {
    if (!existsSync(child)) throw new Error("The child program is not built. Run: npm run build")
    rig = await PulseRig.start()
  })
  afterAll(() => rig.stop())

  it("lists the devices that PortAudio sees", async () => {
    const devices = await Effect.runPromise(backend.devices)
    console.log(devices.map(({ name, direction }) => `${direction} ${name}`).join(", "))
    expect(devices.some(({ direction }) => direction === "input")).toBe(true)
    expect(devices.some(({ direction }) => direction === "output")).toBe(true)
  })

  it("hears a tone at 16 kHz", { retry: 2 }, async () => {
    const frames: HearingFrame[] = []
    await Effect.runPromise(
      Effect.scoped(
        Effect.gen(function* () {
          const input = yield* backend.openInput({})
          yield* Effect.forkChild(
            Stream.runForEach(input.frames, (frame) => Effect.sync(() => frames.push(frame))),
          )
          yield* Effect.promise(() => wait(1500))
          const { samples } = tone({ frequencyHz: 440, durationMs: 1000, levelDbfs: -10, rateHz: 16_000 })
          yield* Effect.promise(() => rig.playIntoMicrophone(samples, 16_000))
          yield* Effect.promise(() => wait(300))
        }),
      ),
    )
    const heard = frames.flatMap(({ samples }) => [...samples])
    const loud = heard.flatMap((sample, i) => (Math.abs(sample) > 1000 ? [i] : []))
    const from = loud[0] ?? 0
    const to = loud.at(-1) ?? 0
    let rising = 0
    for (let i = from + 1; i < to; i++) if ((heard[i - 1] ?? 0) < 0 && (heard[i] ?? 0) >= 0) rising += 1
    expect((rising * 16_000) / (to - from)).toBeCloseTo(440, -1)
    expect((to - from) / 16).toBeGreaterThan(900)
  })

  it("plays a tone, and is silent within 150 ms of a pause", { retry: 2 }, async () => {
    const tap = rig.tap()
    const events: PlaybackEvent[] = []
    const silencedAfterMs = await Effect.runPromise(
      Effect.scoped(
        Effect.gen(function* () {
          const output = yield* backend.openOutput({ rateHz: 22_050 })
          const queue = yield* PlaybackQueue.open({
            output,
            clock: monotonicClock,
            onEvent: (event) => events.push(event),
          })
          yield* Effect.promise(() => wait(500))
          const { samples } = tone({ frequencyHz: 440, durationMs: 3000, levelDbfs: -10, rateHz: 22_050 })
          queue.enqueue("tone", samples)
          yield* Effect.promise(() => wait(1000))
          const pausedMs = performance.now()
          yield* queue.pause
          yield* Effect.promise(() => wait(500))
          return (tap.loudBetween()?.lastMs ?? Number.NaN) - pausedMs
        }),
      ),
    )
    await tap.stop()
    console.log(`pause → silence: ${silencedAfterMs.toFixed(0)} ms`)
    expect(events.some(({ type }) => type === "first-audible")).toBe(true)
    expect(silencedAfterMs).toBeLessThan(150)
  })
})
