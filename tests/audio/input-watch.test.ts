import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { describe, expect, it } from "vitest"
import { AudioClock } from "../../src/audio/audio-clock.ts"
import { InputWatch, watchInput } from "../../src/audio/input-watch.ts"
import type { HearingFrame } from "../../src/ports/audio.ts"

const frame = (value: number, gap = false): HearingFrame => ({
  samples: new Int16Array(512).fill(value),
  startSample: 0,
  gap,
})

const config = { allZeroMs: 500, stalledMs: 300, exempt: false }
const feed = (watch: InputWatch, count: number, one: HearingFrame) =>
  Array.from({ length: count }, () => watch.frame(one)).filter((health) => health !== undefined)

describe("InputWatch", () => {
  it("reports digital silence once, and once that it ended", () => {
    const watch = new InputWatch(config)
    expect(feed(watch, 15, frame(0))).toEqual([])
    expect(feed(watch, 50, frame(0))).toEqual([{ type: "all-zero", forMs: 512 }])
    expect(feed(watch, 5, frame(1))).toEqual([{ type: "recovered" }])
    expect(feed(watch, 20, frame(0))).toHaveLength(1)
  })

  it("is not alarmed by quiet noise, nor by zeros with a sample in between", () => {
    const watch = new InputWatch(config)
    expect(feed(watch, 100, frame(1))).toEqual([])
    for (let i = 0; i < 10; i++)
      expect([...feed(watch, 12, frame(0)), ...feed(watch, 1, frame(-1))]).toEqual([])
  })

  it("reports gaps as stalled, whatever their samples", () => {
    const watch = new InputWatch(config)
    expect(feed(watch, 20, frame(0, true))).toEqual([{ type: "stalled", forMs: 320 }])
    expect(feed(watch, 1, frame(9))).toEqual([{ type: "recovered" }])
  })

  it("takes zeros from a muted microphone for what they are", () => {
    const watch = new InputWatch(config)
    watch.reported({ type: "muted" })
    expect(feed(watch, 100, frame(0))).toEqual([])
    watch.reported({ type: "recovered" })
    expect(feed(watch, 100, frame(0))).toMatchObject([{ type: "all-zero" }])
  })

  it("exempts a back end that hears nothing by design", () => {
    const watch = new InputWatch({ ...config, exempt: true })
    expect([...feed(watch, 100, frame(0)), watch.quiet(10_000)]).toEqual([undefined])
  })
})

const moment = Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 5)))

describe("watchInput", () => {
  it("notices that no frame comes at all, on a clock that runs by itself, once somebody listens", async () => {
    const clock = new AudioClock()
    const health = await Effect.runPromise(
      Effect.scoped(
        Effect.gen(function* () {
          const input = yield* watchInput({ frames: Stream.never, health: Stream.never }, clock, config)
          const found = yield* Effect.forkChild(Stream.runCollect(Stream.take(input.health, 1)))
          yield* moment
          clock.advanceTo(2000 * 16)
          yield* moment
          expect(found.pollUnsafe()).toBeUndefined()
          yield* Effect.forkChild(Stream.runDrain(input.frames))
          yield* moment
          clock.advanceTo(4000 * 16)
          return yield* Fiber.join(found)
        }),
      ),
    )
    expect(health).toMatchObject([{ type: "stalled" }])
  })

  it("passes the frames on and adds its findings to the device's own", async () => {
    const clock = new AudioClock()
    const zeros = Array.from({ length: 20 }, () => frame(0))
    const [frames, health] = await Effect.runPromise(
      Effect.scoped(
        Effect.gen(function* () {
          const input = yield* watchInput(
            {
              frames: Stream.fromIterable(zeros),
              health: Stream.make({ type: "open" as const, device: "mic" }),
            },
            clock,
            config,
          )
          const passed = yield* Stream.runCollect(input.frames)
          return [passed, yield* Stream.runCollect(Stream.take(input.health, 2))] as const
        }),
      ),
    )
    expect(frames).toHaveLength(20)
    expect(health.map(({ type }) => type).sort()).toEqual(["all-zero", "open"])
  })
})
