import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { describe, expect, test } from "vitest"
import { SimulatedClock } from "xstate"
import { monotonicClock } from "../../../src/audio/monotonic-clock.ts"
import type { MemorySource, SourceListener } from "../../../src/models/gpu/memory-source.ts"
import { type GpuReadings, openReadings, type ReadingsOptions } from "../../../src/models/gpu/readings.ts"
import { temporaryDirectory } from "../../support/cli.ts"
import { FakeNvidiaSmi, smiLine } from "../../support/fake-nvidia-smi.ts"

const within = <A>(
  options: Partial<ReadingsOptions>,
  use: (readings: GpuReadings) => Effect.Effect<A>,
): Promise<A> => Effect.runPromise(Effect.scoped(Effect.flatMap(openReadings({ env: {}, ...options }), use)))

const simulatedClock = () => {
  const clock = new SimulatedClock()
  return {
    now: () => clock.now(),
    setTimeout: (fn: () => void, ms: number) => clock.setTimeout(fn, ms),
    clearTimeout: (timer: unknown) => clock.clearTimeout(Number(timer)),
    /** Step by step: a simulated clock takes each timer at the end of its step. */
    pass: (ms: number) => {
      for (let step = 0; step < ms; step += 500) clock.increment(500)
    },
  }
}

/** A source that says what the test does. */
const playedSource = () => {
  const listeners: SourceListener[] = []
  const source: MemorySource = {
    id: "nvml",
    open: (listener) => {
      listeners.push(listener)
      return { ask: () => undefined, close: () => undefined }
    },
  }
  return {
    source,
    say: (usedMib: number, atMs = 0) => listeners.at(-1)?.reading({ totalMib: 8192, usedMib, atMs }),
  }
}

const settled = Effect.promise(() => new Promise((go) => setImmediate(go)))

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

const until = async (condition: () => boolean): Promise<void> => {
  for (let round = 0; round < 400 && !condition(); round++) await new Promise((go) => setTimeout(go, 10))
  expect(condition()).toBe(true)
}

describe("openReadings", () => {
  test("says none, with the reason, where there is no sign of a driver", async () => {
    const found = await within({ order: ["nvidia-smi"], env: { PATH: "/nowhere" } }, (readings) =>
      Effect.map(readings.take, (taken) => [readings.source, readings.problem, taken]),
    )
    expect(found).toEqual(["none", "no NVIDIA driver was found", undefined])
  })

  test("reads by one nvidia-smi, found on PATH, and ends it with the scope", async () => {
    const folder = temporaryDirectory()
    const smi = new FakeNvidiaSmi(folder)
    smi.set({ lines: ["some noise", smiLine(1000), "0, half a li"] })
    await within({ order: ["nvidia-smi"], env: { PATH: folder } }, (readings) =>
      Effect.gen(function* () {
        expect(readings.source).toBe("nvidia-smi")
        expect(readings.description).toMatchObject({
          name: "NVIDIA GeForce RTX 3070",
          driverVersion: "550.54.14",
        })
        smi.uses(3000)
        const before = monotonicClock.now()
        let taken = yield* readings.take
        expect(taken?.atMs).toBeGreaterThanOrEqual(before)
        // On a machine so busy that a line is on its way for longer than is allowed for, the first may be an old one.
        for (let again = 0; again < 4 && taken?.usedMib === 1000; again++) taken = yield* readings.take
        expect(taken).toMatchObject({ totalMib: 8192, usedMib: 3000 })
        const watched = yield* readings.watch.pipe(Stream.take(2), Stream.runCollect)
        expect(watched.map((reading) => reading?.usedMib)).toEqual([3000, 3000])
      }),
    )
    expect(smi.started()).toHaveLength(1)
    await until(() => !smi.started().some(isAlive))
  })

  test("starts nvidia-smi again when it is killed", async () => {
    const folder = temporaryDirectory()
    const smi = new FakeNvidiaSmi(folder)
    smi.uses(1000)
    await within({ order: ["nvidia-smi"], nvidiaSmi: smi.program }, (readings) =>
      Effect.gen(function* () {
        process.kill(smi.started()[0] ?? 0, "SIGKILL")
        smi.uses(2000)
        expect((yield* readings.take)?.usedMib).toBe(2000)
        expect(smi.started()).toHaveLength(2)
      }),
    )
  })

  test("waits for as long as a GPU may need to wake, and reads one that answers later still", () =>
    Effect.gen(function* () {
      const clock = simulatedClock()
      const { source, say } = playedSource()
      const opening = yield* Effect.forkChild(openReadings({ env: {}, sources: [source], clock }))
      yield* settled
      clock.pass(9500)
      yield* settled
      expect(opening.pollUnsafe()).toBeUndefined()
      clock.pass(500)
      const readings = yield* Fiber.join(opening)
      expect([readings.source, readings.problem]).toEqual(["none", "the driver gives no reading"])
      expect(yield* readings.take).toBeUndefined()
      const watching = yield* Effect.forkChild(readings.watch.pipe(Stream.take(3), Stream.runCollect))
      yield* settled
      clock.pass(1000)
      say(4000)
      expect([readings.source, readings.problem]).toEqual(["nvml", undefined])
      clock.pass(5000)
      expect([readings.source, readings.problem]).toEqual(["none", "nvml gave no reading for 3000 ms"])
      say(5000)
      const news = yield* Fiber.join(watching)
      expect(news.map((reading) => reading?.usedMib)).toEqual([4000, undefined, 5000])
    }).pipe(Effect.scoped, Effect.runPromise))

  test("is open as soon as a sleeping GPU has answered", () =>
    Effect.gen(function* () {
      const clock = simulatedClock()
      const { source, say } = playedSource()
      const opening = yield* Effect.forkChild(openReadings({ env: {}, sources: [source], clock }))
      yield* settled
      clock.pass(6000)
      say(1000)
      expect((yield* Fiber.join(opening)).source).toBe("nvml")
    }).pipe(Effect.scoped, Effect.runPromise))

  test("gives up at once, and says what nvidia-smi said, where it finds no driver", async () => {
    const smi = new FakeNvidiaSmi(temporaryDirectory())
    smi.set({ mode: "die", exitCode: 9 })
    const problem = await within({ order: ["nvidia-smi"], nvidiaSmi: smi.program }, (readings) =>
      Effect.sync(() => readings.problem),
    )
    expect(problem).toContain("(exit 9): NVIDIA-SMI has failed because it couldn't communicate")
    expect(smi.started()).toHaveLength(1)
  })
})
