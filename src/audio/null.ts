import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import type { AudioBackend, HearingFrame } from "../ports/audio.ts"
import type { Clock } from "../ports/clock.ts"
import { FRAME_MS, FRAME_SAMPLES } from "./format.ts"
import { FrameChunker } from "./frame-chunker.ts"
import { monotonicClock } from "./monotonic-clock.ts"
import { OutputTimeline } from "./output-timeline.ts"

/** Frames that may wait for a slow listener, about a minute; the oldest give way. */
export const FRAME_QUEUE_LENGTH = 2048

/** Hears silence for ever and says nothing, at the pace of real devices: for machines without sound. */
export const nullBackend = (clock: Clock = monotonicClock): AudioBackend => ({
  id: "null",
  devices: Effect.succeed([]),
  openInput: () =>
    Effect.gen(function* () {
      const frames = yield* Queue.sliding<HearingFrame>(FRAME_QUEUE_LENGTH)
      const chunker = new FrameChunker()
      const originMs = clock.now()
      const silence = new Int16Array(FRAME_SAMPLES)
      let given = 0
      let timer: unknown
      const tick = () => {
        for (; originMs + (given + 1) * FRAME_MS <= clock.now(); given++)
          Queue.offerAllUnsafe(frames, chunker.push(silence))
        // Timed from the origin, so that late timers do not add up.
        timer = clock.setTimeout(tick, originMs + (given + 1) * FRAME_MS - clock.now())
      }
      tick()
      yield* Effect.addFinalizer(() =>
        Effect.andThen(
          Effect.sync(() => clock.clearTimeout(timer)),
          Queue.shutdown(frames),
        ),
      )
      return {
        frames: Stream.fromQueue(frames),
        health: Stream.make({ type: "open" as const, device: "null" }),
      }
    }),
  openOutput: ({ rateHz }) => Effect.sync(() => new OutputTimeline(rateHz, () => clock.now())),
})
