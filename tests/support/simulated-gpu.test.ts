import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { type AllocationId, SimulatedGpu } from "./simulated-gpu.ts"
import { simulatedLoad, simulatedReadings } from "./simulated-readings.ts"

const slowRelease = { delayMs: 200, steps: 4, stepMs: 100 }

const allocated = (gpu: SimulatedGpu, owner: string, sizeMib: number): AllocationId => {
  const result = gpu.allocate(owner, sizeMib)
  if (!result.ok) throw new Error(`no room for ${sizeMib} MiB, ${result.freeMib} free`)
  return result.id
}

describe("the simulated GPU", () => {
  test("counts what every owner holds, and the system's own", () => {
    const gpu = new SimulatedGpu({ totalMib: 8192, systemMib: 660 })
    allocated(gpu, "llm", 5280)
    allocated(gpu, "tts", 360)
    expect(gpu.usedMib).toBe(6300)
    expect(gpu.usedBy("llm")).toBe(5280)
    expect(gpu.read()?.processes).toEqual([
      { pid: gpu.pidOf("llm"), usedMib: 5280 },
      { pid: gpu.pidOf("tts"), usedMib: 360 },
    ])
  })

  test("refuses what does not fit and keeps nothing of it", () => {
    const gpu = new SimulatedGpu({ totalMib: 1000, contextMib: 100 })
    allocated(gpu, "a", 800)
    expect(gpu.usedMib).toBe(900)
    expect(gpu.allocate("b", 50)).toEqual({ ok: false, askedMib: 50, freeMib: 100, largestHoleMib: 100 })
    expect(gpu.usedMib).toBe(900)
    expect(gpu.allocate("a", 50).ok).toBe(true)
  })

  test("gives memory back late and in parts", () => {
    const gpu = new SimulatedGpu({ totalMib: 1000, release: slowRelease })
    const id = allocated(gpu, "a", 402)
    gpu.release(id)
    gpu.release(id)
    const used: number[] = []
    for (let ms = 0; ms <= 500; ms += 100) {
      used.push(gpu.usedMib)
      gpu.advance(100)
    }
    expect(used).toEqual([402, 402, 302, 202, 102, 0])
    expect(gpu.isReleased(id)).toBe(true)
  })

  test("keeps a process's context until the process exits, and names nobody for what a dead one held", () => {
    const gpu = new SimulatedGpu({ totalMib: 1000, contextMib: 150, release: slowRelease })
    const id = allocated(gpu, "stt", 300)
    const pid = gpu.pidOf("stt")
    gpu.release(id)
    gpu.advance(1000)
    expect(gpu.usedMib).toBe(150)
    gpu.exit("stt")
    expect(gpu.usedMib).toBe(150)
    expect(gpu.read()?.processes).toEqual([])
    gpu.advance(1000)
    expect(gpu.usedMib).toBe(0)
    allocated(gpu, "stt", 1)
    expect(gpu.pidOf("stt")).not.toBe(pid)
  })

  test("may refuse a load although the sum fits, where free memory lies in small holes", () => {
    const gpu = new SimulatedGpu({ totalMib: 1000, pieceMib: 1000 })
    const ids = Array.from({ length: 10 }, () => allocated(gpu, "a", 100))
    for (const [at, id] of ids.entries()) if (at % 2 === 0) gpu.release(id)
    expect(gpu.freeMib).toBe(500)
    expect(gpu.allocate("b", 101)).toMatchObject({ ok: false, freeMib: 500, largestHoleMib: 100 })
    expect(gpu.allocate("b", 100).ok).toBe(true)
  })

  test("fails when told to, at a load and in use", () => {
    const gpu = new SimulatedGpu({ totalMib: 1000 })
    gpu.failNext()
    expect(gpu.allocate("a", 1).ok).toBe(false)
    expect(gpu.allocate("a", 1).ok).toBe(true)
  })

  test("is the same for the same seed", () => {
    const run = (seed: number) => {
      const gpu = new SimulatedGpu({ totalMib: 1000, seed, outOfMemoryChance: 0.5 })
      return Array.from({ length: 50 }, () => gpu.allocate("a", 1).ok)
    }
    expect(run(7)).toEqual(run(7))
    expect(run(7)).not.toEqual(run(8))
  })

  test("never loses or invents memory, whatever is done to it", () => {
    const owner = fc.constantFrom("llm", "stt", "tts", "game")
    const operation = fc.oneof(
      fc.record({ type: fc.constant("allocate" as const), owner, sizeMib: fc.integer({ min: 0, max: 600 }) }),
      fc.record({ type: fc.constant("release" as const), nth: fc.nat(50) }),
      fc.record({ type: fc.constant("exit" as const), owner }),
      fc.record({ type: fc.constant("advance" as const), ms: fc.nat(400) }),
    )
    const options = fc.record({
      seed: fc.integer(),
      pieceMib: fc.constantFrom(1, 7, 128, 2000),
      contextMib: fc.constantFrom(0, 50),
      releaseAtLeast: fc.constantFrom(0, 1),
      outOfMemoryChance: fc.constantFrom(0, 0.2),
    })
    fc.assert(
      fc.property(options, fc.array(operation, { maxLength: 120 }), (chosen, operations) => {
        const gpu = new SimulatedGpu({ totalMib: 2000, release: slowRelease, ...chosen })
        const ids: AllocationId[] = []
        for (const one of operations) {
          const freeMib = gpu.freeMib
          if (one.type === "allocate") {
            const result = gpu.allocate(one.owner, one.sizeMib)
            if (result.ok) ids.push(result.id)
            if (result.ok) expect(one.sizeMib).toBeLessThanOrEqual(freeMib)
          }
          if (one.type === "release") gpu.release(ids[one.nth % Math.max(1, ids.length)] ?? -1)
          if (one.type === "exit") gpu.exit(one.owner)
          if (one.type === "advance") gpu.advance(one.ms)
          expectSound(gpu)
        }
        for (const name of ["llm", "stt", "tts", "game"]) gpu.exit(name)
        gpu.advance(1000)
        expect(gpu.usedMib).toBe(0)
      }),
      { numRuns: 200 },
    )
  })

  test("loads in parts, and a load that fails or is given up keeps nothing", async () => {
    const gpu = new SimulatedGpu({ totalMib: 1000 })
    const loaded = await Effect.runPromise(simulatedLoad(gpu, "a", 602, 4))
    expect(loaded).toHaveLength(4)
    expect(gpu.usedMib).toBe(602)
    const failed = await Effect.runPromise(Effect.flip(simulatedLoad(gpu, "b", 600)))
    expect(failed.message).toContain("150 MiB asked, 98 MiB free")
    const load = Effect.runFork(simulatedLoad(gpu, "c", 300, 60_000))
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(gpu.usedMib).toBe(677)
    const exit = await Effect.runPromise(Effect.exit(Fiber.interrupt(load)))
    expect(Exit.isSuccess(exit)).toBe(true)
    expect(gpu.usedMib).toBe(602)
  })

  test("gives readings that say that they are simulated, and none while the driver gives none", async () => {
    const gpu = new SimulatedGpu({ totalMib: 1000, tellsProcesses: false })
    allocated(gpu, "a", 10)
    const readings = simulatedReadings(gpu)
    expect(readings.source).toBe("simulated")
    expect(await Effect.runPromise(readings.take)).toEqual({ totalMib: 1000, usedMib: 10, atMs: 0 })
    const watched = await Effect.runPromise(readings.watch.pipe(Stream.take(1), Stream.runCollect))
    expect(watched).toEqual([{ totalMib: 1000, usedMib: 10, atMs: 0 }])
    gpu.readable = false
    expect(await Effect.runPromise(readings.take)).toBeUndefined()
  })
})

/** Segments lie inside the GPU, do not overlap, and sum up to what is said to be in use. */
const expectSound = (gpu: SimulatedGpu): void => {
  let endMib = 0
  let sumMib = 0
  for (const { startMib, sizeMib } of gpu.segments) {
    expect(startMib).toBeGreaterThanOrEqual(endMib)
    expect(sizeMib).toBeGreaterThan(0)
    endMib = startMib + sizeMib
    sumMib += sizeMib
  }
  expect(endMib).toBeLessThanOrEqual(gpu.totalMib)
  expect(sumMib).toBe(gpu.usedMib)
  expect(gpu.usedBy("llm") + gpu.usedBy("stt") + gpu.usedBy("tts") + gpu.usedBy("game")).toBe(gpu.usedMib)
}
