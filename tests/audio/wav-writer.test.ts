import { mkdtemp, readFile, rm, stat } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { encodeWav, WavWriter } from "../../src/audio/wav-writer.ts"

describe("WavWriter", () => {
  let folder = ""
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "jett-wav-"))
  })
  afterAll(() => rm(folder, { recursive: true }))

  it("leaves the same file as encoding all of it at once, for its owner only", async () => {
    const path = join(folder, "stereo.wav")
    const samples = Int16Array.from({ length: 3000 }, (_, i) => i * 7)
    await Effect.runPromise(
      Effect.scoped(
        Effect.gen(function* () {
          const writer = yield* WavWriter.open(path, { rateHz: 24_000, channels: 2 })
          for (let at = 0; at < samples.length; at += 700) yield* writer.write(samples.subarray(at, at + 700))
          expect(writer.durationMs).toBe(62.5)
        }),
      ),
    )
    expect(await readFile(path)).toEqual(encodeWav(samples, { rateHz: 24_000, channels: 2 }))
    expect((await stat(path)).mode & 0o777).toBe(0o600)
  })

  it("says how long the file is only when it is complete, so that a killed writer leaves a playable one", async () => {
    const path = join(folder, "unfinished.wav")
    const before = await Effect.runPromise(
      Effect.scoped(
        Effect.gen(function* () {
          const writer = yield* WavWriter.open(path, { rateHz: 16_000, channels: 1 })
          yield* writer.write(new Int16Array(10))
          return yield* Effect.promise(() => readFile(path))
        }),
      ),
    )
    expect(before.readUInt32LE(40)).toBe(0xffffffff)
    expect((await readFile(path)).readUInt32LE(40)).toBe(20)
  })

  it("names the path and the fix when it cannot write", async () => {
    const path = join(folder, "no-such-folder", "out.wav")
    const error = await Effect.runPromise(
      Effect.flip(Effect.scoped(WavWriter.open(path, { rateHz: 16_000, channels: 1 }))),
    )
    expect(error.message).toContain(`Cannot write ${path}`)
    expect(error.message).toMatch(/folder you can write to/)
  })
})
