import { expect, test } from "vitest"
import { record } from "../../../benchmarks/corpus/record.ts"

const RATE_HZ = 16_000
const ms = (count: number) => (count * RATE_HZ) / 1000

/** 100 ms of silence, the speech, and 300 ms of silence. */
const spoken = (speech: Int16Array) => {
  const samples = new Int16Array(ms(100) + speech.length + ms(300))
  samples.set(speech, ms(100))
  return Promise.resolve({ samples, rateHz: RATE_HZ })
}
const loud = (durationMs: number) => new Int16Array(ms(durationMs)).fill(5000)

test("the label is where speech begins and ends, to the sample, and a pause is as long as was asked for", async () => {
  const { samples, label } = await record(
    { id: "x", voice: "v", leadMs: 50, pieces: ["a", { pauseMs: 400 }, "b"] },
    (text) => spoken(loud(text === "a" ? 700 : 300)),
  )
  expect(label).toEqual({
    firstVoicedSample: ms(50),
    lastVoicedSample: ms(50 + 700 + 400 + 300) - 1,
    pauses: [{ fromSample: ms(750), toSample: ms(1150) }],
  })
  expect(samples.findIndex((sample) => sample !== 0)).toBe(label.firstVoicedSample)
  expect(samples.findLastIndex((sample) => sample !== 0)).toBe(label.lastVoicedSample)
})

test("a click long after the last word is no speech; a short last sound close to it is", async () => {
  const withSoundAfter = (gapMs: number) => {
    const speech = new Int16Array(ms(1000 + gapMs + 10))
    speech.set(loud(1000))
    speech.set(loud(10), ms(1000 + gapMs))
    return record({ id: "x", voice: "v", pieces: ["a"] }, () => spoken(speech))
  }
  expect((await withSoundAfter(500)).label.lastVoicedSample).toBe(ms(1000) - 1)
  expect((await withSoundAfter(100)).label.lastVoicedSample).toBe(ms(1110) - 1)
})

test("a voice that said nothing gives an empty recording, not an error", async () => {
  const { label } = await record({ id: "x", voice: "v", pieces: ["a"] }, () => spoken(new Int16Array(0)))
  expect(label.lastVoicedSample).toBeLessThanOrEqual(0)
})
