import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { ConversationRecorder } from "../../src/audio/conversation-recorder.ts"

describe("ConversationRecorder", () => {
  let folder = ""
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "jett-recorder-"))
  })
  afterAll(() => rm(folder, { recursive: true }))

  const samplesOf = async (path: string) => {
    const bytes = await readFile(path)
    return Array.from({ length: (bytes.length - 44) / 2 }, (_, i) => bytes.readInt16LE(44 + 2 * i))
  }

  it("puts you on the left and Jett on the right, each where it was heard, silence elsewhere", async () => {
    const path = join(folder, "conversation.wav")
    await Effect.runPromise(
      Effect.scoped(
        Effect.gen(function* () {
          const recorder = yield* ConversationRecorder.open({ path, layout: "stereo", rateHz: 16_000 })
          const you = yield* recorder.track("you", 16_000, 0)
          for (let ms = 0; ms < 2000; ms += 20) {
            you.push(new Int16Array(320).fill(ms < 1000 ? 100 : 0))
            yield* recorder.advance(ms + 20)
            if (ms === 1200)
              yield* Effect.scoped(
                Effect.map(recorder.track("jett", 16_000, ms), (jett) =>
                  jett.push(new Int16Array(1600).fill(200)),
                ),
              )
          }
        }),
      ),
    )
    const samples = await samplesOf(path)
    expect(samples).toHaveLength(2 * 32_000)
    const side = (offset: number) => samples.filter((_, i) => i % 2 === offset)
    expect(side(0)).toEqual(Array.from({ length: 32_000 }, (_, i) => (i < 16_000 ? 100 : 0)))
    expect(side(1)).toEqual(Array.from({ length: 32_000 }, (_, i) => (i >= 19_200 && i < 20_800 ? 200 : 0)))
  })

  it("brings both sides to its own rate without losing their ends", async () => {
    const path = join(folder, "24k.wav")
    await Effect.runPromise(
      Effect.scoped(
        Effect.gen(function* () {
          const recorder = yield* ConversationRecorder.open({ path, layout: "mono", rateHz: 24_000 })
          const jett = yield* recorder.track("jett", 22_050, 100)
          for (let i = 0; i < 50; i++) jett.push(new Int16Array(441).fill(5000))
        }),
      ),
    )
    const samples = await samplesOf(path)
    expect(samples).toHaveLength(2400 + 24_000)
    expect(samples.slice(0, 2400).every((sample) => sample === 0)).toBe(true)
    expect(Math.min(...samples.slice(2700, 26_100))).toBeGreaterThan(4900)
  })
})
