import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { describe, expect, it } from "vitest"
import { AudioClock } from "../../src/audio/audio-clock.ts"
import { type CaptureCallbacks, type LiveInput, openLiveInput } from "../../src/audio/live-input.ts"
import type { HearingFrame, InputHealth } from "../../src/ports/audio.ts"
import type { Clock } from "../../src/ports/clock.ts"

interface Rig {
  readonly clock: AudioClock
  readonly input: LiveInput
  readonly frames: HearingFrame[]
  readonly health: InputHealth[]
  /** One entry a process that was started. */
  readonly spawned: { readonly callbacks: CaptureCallbacks; killed: boolean }[]
  /** Lets time pass, in steps of a millisecond, delivering 16 samples of `value` in each, or nothing. */
  readonly run: (ms: number, value?: number) => Effect.Effect<void>
}

const withRig = (test: (rig: Rig) => Effect.Effect<void>) => {
  const clock = new AudioClock()
  const spawned: Rig["spawned"] = []
  const frames: HearingFrame[] = []
  const health: InputHealth[] = []
  // Microtasks are where the streams' fibers run.
  const settle = Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve)))
  return Effect.gen(function* () {
    const input = yield* openLiveInput({
      device: "mic",
      clock,
      spawn: (callbacks) => {
        const one = { callbacks, killed: false }
        spawned.push(one)
        return {
          gone: Promise.resolve(),
          kill: () => {
            one.killed = true
          },
        }
      },
    })
    yield* Effect.forkChild(Stream.runForEach(input.frames, (frame) => Effect.sync(() => frames.push(frame))))
    yield* Effect.forkChild(Stream.runForEach(input.health, (event) => Effect.sync(() => health.push(event))))
    const run = (ms: number, value?: number) =>
      Effect.gen(function* () {
        for (let i = 0; i < ms; i++) {
          clock.advanceTo(clock.nowSample() + 16)
          if (value !== undefined)
            spawned.at(-1)?.callbacks.onBytes(Buffer.from(new Int16Array(16).fill(value).buffer), 16_000)
        }
        yield* settle
      })
    yield* settle
    yield* test({ clock, input, frames, health, spawned, run })
  }).pipe(Effect.scoped, Effect.runPromise, (done) =>
    done.then(() => expect(spawned.every(({ killed }, i) => killed || i < spawned.length - 1)).toBe(true)),
  )
}

const gaps = (frames: readonly HearingFrame[]) => frames.filter(({ gap }) => gap).length

describe("openLiveInput", () => {
  it("gives the device's samples as frames, whatever the pieces, and ends its process with the scope", () =>
    withRig(({ frames, health, spawned, run }) =>
      Effect.gen(function* () {
        yield* run(1000, 7)
        expect(frames).toHaveLength(31)
        expect(gaps(frames)).toBe(0)
        expect(frames.every(({ samples }) => samples.every((sample) => sample === 7))).toBe(true)
        const bytes = Buffer.from(Int16Array.from({ length: 600 }, (_, i) => i).buffer)
        const capture = spawned.at(-1)?.callbacks
        capture?.onBytes(bytes.subarray(0, 101), 16_000)
        capture?.onBytes(bytes.subarray(101), 16_000)
        yield* run(1, 7)
        expect([...(frames.at(-1)?.samples.slice(128) ?? [])]).toEqual(
          Array.from({ length: 384 }, (_, i) => i),
        )
        expect(health).toEqual([{ type: "open", device: "mic" }])
      }),
    ))

  it("puts silence, marked as a gap, where the device delivers nothing, so that the audio clock goes on", () =>
    withRig(({ frames, run }) =>
      Effect.gen(function* () {
        yield* run(1000, 7)
        yield* run(2000)
        const during = gaps(frames)
        expect(during).toBeGreaterThanOrEqual(60)
        yield* run(500, 7)
        expect(gaps(frames) - during).toBeLessThanOrEqual(1)
        expect(frames.map(({ startSample }) => startSample)).toEqual(frames.map((_, i) => i * 512))
        // At most the frame that was cut by the gap, the one the gap overshot, and the one just begun.
        expect(Math.abs(frames.length * 32 - 3500)).toBeLessThanOrEqual(3 * 32)
      }),
    ))

  it("calls no lump a gap: 150 ms without data are a device's habit", () =>
    withRig(({ frames, run }) =>
      Effect.gen(function* () {
        for (let i = 0; i < 5; i++) {
          yield* run(150)
          yield* run(150, 7)
        }
        expect(gaps(frames)).toBe(0)
      }),
    ))

  it("starts a vanished process again with a growing pause, says so once, and says when it is back", () =>
    withRig(({ frames, health, spawned, run }) =>
      Effect.gen(function* () {
        yield* run(100, 7)
        const startedAt: number[] = []
        let ms = 100
        spawned.at(-1)?.callbacks.onExit("parec ended (SIGKILL)")
        for (let seen = 1; ms < 9000; ms += 50) {
          yield* run(50)
          if (spawned.length === seen) continue
          seen = spawned.length
          startedAt.push(ms - 100)
          if (seen < 5) spawned.at(-1)?.callbacks.onExit("No such entity")
        }
        expect(startedAt.map((at) => Math.round(at / 250) * 250)).toEqual([250, 750, 1750, 3750])
        expect(health.slice(1)).toEqual([{ type: "vanished", reason: "parec ended (SIGKILL)" }])
        yield* run(100, 9)
        expect(health.at(-1)).toEqual({ type: "recovered" })
        expect(frames.at(-1)).toMatchObject({ gap: false })
        expect(gaps(frames)).toBeGreaterThan(250)
      }),
    ))

  it("does not take its own lateness for the device's silence", async () => {
    const clock = new JumpingClock()
    const frames: HearingFrame[] = []
    await Effect.runPromise(
      Effect.scoped(
        Effect.gen(function* () {
          let callbacks: CaptureCallbacks | undefined
          const input = yield* openLiveInput({
            device: "mic",
            clock,
            spawn: (given) => {
              callbacks = given
              return { gone: Promise.resolve(), kill: () => undefined }
            },
          })
          yield* Effect.forkChild(
            Stream.runForEach(input.frames, (frame) => Effect.sync(() => frames.push(frame))),
          )
          for (let i = 0; i < 20; i++) {
            // Our own process was held up for half a second; the data waits in the pipe, behind the timers.
            const ms = i === 10 ? 500 : 20
            clock.jump(ms)
            callbacks?.onBytes(Buffer.from(new Int16Array(ms * 16).fill(7).buffer), 16_000)
          }
          yield* Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve)))
        }),
      ),
    )
    expect(frames).toHaveLength(Math.floor((880 * 16) / 512))
    expect(gaps(frames)).toBe(0)
  })
})

/** A real clock under load: what became due during a jump fires once, late, at the end of it. */
class JumpingClock implements Clock {
  #nowMs = 0
  #timers: { readonly dueMs: number; readonly fn: () => void }[] = []

  now(): number {
    return this.#nowMs
  }

  setTimeout(fn: () => void, timeoutMs: number): unknown {
    const timer = { dueMs: this.#nowMs + timeoutMs, fn }
    this.#timers.push(timer)
    return timer
  }

  clearTimeout(timer: unknown): void {
    this.#timers = this.#timers.filter((one) => one !== timer)
  }

  jump(ms: number): void {
    this.#nowMs += ms
    const due = this.#timers.filter(({ dueMs }) => dueMs <= this.#nowMs)
    this.#timers = this.#timers.filter(({ dueMs }) => dueMs > this.#nowMs)
    for (const { fn } of due) fn()
  }
}
