import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { describe, expect, test } from "vitest"
import { monotonicClock } from "../../../src/audio/monotonic-clock.ts"
import { type GpuReadings, openReadings, type ReadingsOptions } from "../../../src/models/gpu/readings.ts"
import { temporaryDirectory } from "../../support/cli.ts"
import { FakeNvidiaSmi, smiLine } from "../../support/fake-nvidia-smi.ts"

const within = <A>(
  options: Partial<ReadingsOptions>,
  use: (readings: GpuReadings) => Effect.Effect<A>,
): Promise<A> => Effect.runPromise(Effect.scoped(Effect.flatMap(openReadings({ env: {}, ...options }), use)))

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
    smi.set({ lines: ["some noise", smiLine(1000), "0, half a li"], processes: ["77, 640", "78, [N/A]"] })
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
        expect(taken).toMatchObject({ totalMib: 8192, usedMib: 3000, processes: [{ pid: 77, usedMib: 640 }] })
        const watched = yield* readings.watch.pipe(Stream.take(2), Stream.runCollect)
        expect(watched.map(({ usedMib }) => usedMib)).toEqual([3000, 3000])
      }),
    )
    expect(smi.started("memory")).toHaveLength(1)
    await until(() => ![...smi.started("memory"), ...smi.started("processes")].some(isAlive))
  })

  test("starts nvidia-smi again when it is killed", async () => {
    const folder = temporaryDirectory()
    const smi = new FakeNvidiaSmi(folder)
    smi.uses(1000)
    await within({ order: ["nvidia-smi"], nvidiaSmi: smi.program }, (readings) =>
      Effect.gen(function* () {
        process.kill(smi.started("memory")[0] ?? 0, "SIGKILL")
        smi.uses(2000)
        expect((yield* readings.take)?.usedMib).toBe(2000)
        expect(smi.started("memory")).toHaveLength(2)
      }),
    )
  })

  test("gives up at once, and says what nvidia-smi said, where it finds no driver", async () => {
    const smi = new FakeNvidiaSmi(temporaryDirectory())
    smi.set({ mode: "die", exitCode: 9 })
    const problem = await within({ order: ["nvidia-smi"], nvidiaSmi: smi.program }, (readings) =>
      Effect.sync(() => readings.problem),
    )
    expect(problem).toContain("(exit 9): NVIDIA-SMI has failed because it couldn't communicate")
    expect(smi.started("memory")).toHaveLength(1)
  })
})
