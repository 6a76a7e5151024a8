import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { describe, expect, it } from "vitest"
import { lateInput } from "../../../src/actors/voice/late-input.ts"
import { AudioError } from "../../../src/audio/audio-error.ts"
import { FRAME_SAMPLES } from "../../../src/audio/format.ts"
import type { AudioInput, HearingFrame } from "../../../src/ports/audio.ts"

const frame = (index: number, gap: boolean): HearingFrame => ({
  samples: new Int16Array(FRAME_SAMPLES),
  startSample: index * FRAME_SAMPLES,
  gap,
})

/** Three frames, then nothing more. */
const silence: AudioInput = {
  frames: Stream.concat(Stream.fromIterable([0, 1, 2].map((i) => frame(i, true))), Stream.never),
  health: Stream.never,
}
const microphone: AudioInput = {
  frames: Stream.fromIterable([0, 1].map((i) => frame(i, false))),
  health: Stream.make({ type: "muted" }),
}
const absent = new AudioError({ message: "There is no microphone." })

/** Runs on a clock of its own; `tries` says how often the microphone is asked for in vain. */
const opening = (tries: number) => {
  let asked = 0
  let released = 0
  const open = Effect.suspend(() => {
    asked += 1
    return Effect.acquireRelease(Effect.void, () =>
      Effect.sync(() => {
        released += 1
      }),
    ).pipe(Effect.andThen(asked > tries ? Effect.succeed(microphone) : Effect.fail(absent)))
  })
  return { open, asked: () => asked, released: () => released }
}

const run = <A>(program: Effect.Effect<A, unknown, Scope.Scope>): Promise<A> =>
  Effect.runPromise(Effect.provide(Effect.scoped(program), TestClock.layer()))

describe("a microphone that comes late", () => {
  it("is heard once it is there, with positions that go on", async () => {
    const { open } = opening(2)
    const heard = await run(
      Effect.gen(function* () {
        const { frames } = yield* lateInput(silence, open)
        const all = yield* Effect.forkChild(Stream.runCollect(frames))
        yield* TestClock.adjust("15 seconds")
        return yield* Fiber.join(all)
      }),
    )
    expect([...heard].map(({ startSample, gap }) => [startSample / FRAME_SAMPLES, gap])).toEqual([
      [0, true],
      [1, true],
      [2, true],
      [3, false],
      [4, false],
    ])
  })

  it("says that the microphone is back, then what that one says", async () => {
    const { open } = opening(0)
    const news = await run(
      Effect.gen(function* () {
        const { health } = yield* lateInput(silence, open)
        const all = yield* Effect.forkChild(Stream.runCollect(health))
        yield* TestClock.adjust("5 seconds")
        return yield* Fiber.join(all)
      }),
    )
    expect([...news].map(({ type }) => type)).toEqual(["recovered", "muted"])
  })

  it("gives back at once what a try in vain has taken, and stops trying with its scope", async () => {
    const tried = opening(1000)
    const [asked, released] = await run(
      Effect.gen(function* () {
        const scope = yield* Scope.make()
        yield* Scope.provide(lateInput(silence, tried.open), scope)
        yield* TestClock.adjust("50 seconds")
        const before = [tried.asked(), tried.released()] as const
        yield* Scope.close(scope, Exit.void)
        yield* TestClock.adjust("50 seconds")
        return before
      }),
    )
    expect(asked).toBe(10)
    expect(released).toBe(10)
    expect(tried.asked()).toBe(10)
  })
})
