import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { afterEach, beforeEach, expect, it, vi } from "vitest"
import { monotonicClock } from "../../src/audio/monotonic-clock.ts"
import { type GpuReadings, openReadings, type ReadingsOptions } from "../../src/models/gpu/readings.ts"
import { FakeNvidiaSmi } from "../support/fake-nvidia-smi.ts"
import { FakeNvml } from "../support/fake-nvml.ts"
import { describeWith } from "../support/require-component.ts"

const child = new URL("../../dist/models/gpu/nvml-child.js", import.meta.url)
const MIB = 1024 ** 2
const memory = (usedMib: number) =>
  [
    ["total", 8192 * MIB],
    ["free", (8192 - usedMib) * MIB],
  ] as const

/** The child processes of this one that run the NVML program. */
const nvmlChildren = (): readonly number[] =>
  readFileSync(`/proc/self/task/${process.pid}/children`, "utf8")
    .trim()
    .split(" ")
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("nvml-child")
      } catch {
        return false
      }
    })
    .map(Number)

describeWith("cc", "NVML by FFI, on a fake library", () => {
  let folder: string
  beforeEach(() => {
    if (!existsSync(child)) throw new Error("The child program is not built. Run: npm run build")
    folder = mkdtempSync(join(tmpdir(), "jt-"))
  })
  afterEach(() => {
    vi.unstubAllEnvs()
    rmSync(folder, { recursive: true, force: true })
  })

  const fake = (driver?: "current" | "old"): FakeNvml => {
    const made = new FakeNvml(folder, driver)
    for (const [name, value] of Object.entries(made.env)) vi.stubEnv(name, value)
    return made
  }

  const within = <A>(
    options: Partial<ReadingsOptions>,
    use: (readings: GpuReadings) => Effect.Effect<A>,
  ): Promise<A> =>
    Effect.runPromise(
      Effect.scoped(
        Effect.flatMap(
          openReadings({
            env: {},
            order: ["nvml"],
            nvmlLibrary: join(folder, "libnvidia-ml.so.1"),
            ...options,
          }),
          use,
        ),
      ),
    )

  it("reads the memory and who uses it, what the driver reserves and a game included", async () => {
    const library = fake()
    const processes = [
      ["compute", `11:${1080 * MIB}`],
      ["compute", `12:${2n ** 64n - 1n}`],
      ["graphics", `13:${700 * MIB + 1}`],
      ["graphics", `11:${1080 * MIB}`],
    ] as const
    library.set([...memory(2000), ["reserved", 300 * MIB], ["noise", 1], ...processes])
    await within({}, (readings) =>
      Effect.gen(function* () {
        expect(readings.source).toBe("nvml")
        expect(readings.description).toEqual({
          name: "Fake GeForce RTX 3070",
          driverVersion: "550.54.14",
          cudaVersion: "12.4",
          count: 1,
        })
        expect(yield* readings.take).toMatchObject({
          totalMib: 8192,
          usedMib: 2000,
          processes: [
            { pid: 11, usedMib: 1080 },
            { pid: 13, usedMib: 701 },
          ],
        })
      }),
    )
  })

  it("takes a reading that was made after the call, and watches about twice a second", async () => {
    const library = fake()
    library.set(memory(1000))
    await within({}, (readings) =>
      Effect.gen(function* () {
        for (let usedMib = 1001; usedMib < 1050; usedMib++) {
          library.set(memory(usedMib))
          const before = monotonicClock.now()
          const taken = yield* readings.take
          expect(taken?.usedMib).toBe(usedMib)
          expect(taken?.atMs).toBeGreaterThanOrEqual(before)
        }
        const watched = yield* readings.watch.pipe(Stream.take(3), Stream.runCollect)
        expect((watched[2]?.atMs ?? 0) - (watched[1]?.atMs ?? 0)).toBeGreaterThan(250)
      }),
    )
    await vi.waitUntil(() => nvmlChildren().length === 0, 5000)
  })

  it.each([
    ["the second version is not supported", "current", [["v2", 3]]],
    ["the second version has another structure", "current", [["v2", 25]]],
    ["the driver is old and has no such functions", "old", []],
  ] as const)("falls back to what there is where %s", async (_, driver, codes) => {
    fake(driver).set([...memory(1234), ["compute", `11:${5 * MIB}`], ...codes])
    const taken = await within({}, (readings) => readings.take)
    expect(taken).toMatchObject({ totalMib: 8192, usedMib: 1234, processes: [{ pid: 11, usedMib: 5 }] })
  })

  it("reads without processes where the driver does not tell them, and all of them where there are many", async () => {
    const library = fake()
    library.set([...memory(10), ["v3", 4]])
    await within({}, (readings) =>
      Effect.gen(function* () {
        const taken = yield* readings.take
        expect(taken?.usedMib).toBe(10)
        expect(taken?.processes).toBeUndefined()
        const many = Array.from({ length: 150 }, (_, at) => ["compute", `${at + 1}:${MIB}`] as const)
        library.set([...memory(10), ...many])
        expect((yield* readings.take)?.processes).toHaveLength(150)
      }),
    )
  })

  it.each([
    [[["init", 9]], "the driver is not loaded (9)"],
    [[["init", 18]], "driver and library have different versions"],
    [[["count", 0]], "GPU 0 was asked for and there are 0"],
    [
      [
        ["v1", 3],
        ["v2", 3],
      ],
      "not supported by this GPU (3)",
    ],
  ] as const)("says why there are no readings: %j", async (entries, reason) => {
    fake().set(entries)
    const started = performance.now()
    const found = await within({}, (readings) => Effect.sync(() => [readings.source, readings.problem]))
    expect(found).toEqual(["none", expect.stringContaining(reason)])
    expect(performance.now() - started).toBeLessThan(5000)
  })

  it("goes over to nvidia-smi where the library is missing or crashes again and again", async () => {
    const smi = new FakeNvidiaSmi(folder)
    smi.uses(3000)
    const order = ["nvml", "nvidia-smi"] as const
    const options = { order, nvidiaSmi: smi.program }
    expect(
      await within({ ...options, nvmlLibrary: "/nowhere.so" }, (one) => Effect.sync(() => one.source)),
    ).toBe("nvidia-smi")
    fake().set([["crash", 1]])
    expect(await within(options, (one) => Effect.sync(() => one.source))).toBe("nvidia-smi")
  })

  it("replaces a child that crashes in a call, and one that the driver blocks", async () => {
    const library = fake()
    library.set(memory(1))
    await within({}, (readings) =>
      Effect.gen(function* () {
        const first = nvmlChildren()
        library.set([["crash", 1]])
        yield* Effect.promise(() => vi.waitUntil(() => !nvmlChildren().includes(first[0] ?? 0), 5000))
        library.set(memory(2))
        expect(
          yield* Effect.promise(() => vi.waitUntil(() => Effect.runPromise(readings.take), 8000)),
        ).toMatchObject({
          usedMib: 2,
        })
        const second = nvmlChildren()
        library.set([...memory(2), ["slow_ms", 60_000]])
        expect(yield* readings.take).toBeUndefined()
        yield* Effect.promise(() => vi.waitUntil(() => !nvmlChildren().includes(second[0] ?? 0), 8000))
        library.set(memory(3))
        expect(
          yield* Effect.promise(() => vi.waitUntil(() => Effect.runPromise(readings.take), 8000)),
        ).toMatchObject({
          usedMib: 3,
        })
      }),
    )
    await vi.waitUntil(() => nvmlChildren().length === 0, 5000)
  })
})
