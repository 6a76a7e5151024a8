import { expect, test } from "vitest"
import type { Label } from "../../benchmarks/corpus/utterance.ts"
import { pauseVerdict } from "../../benchmarks/pause-verdict.ts"

/** Speech from 0 to 1 s, a pause, and speech to 3 s; the recording began at 10 s. */
const label: Label = {
  firstVoicedSample: 0,
  lastVoicedSample: 48_000,
  pauses: [{ fromSample: 16_000, toSample: 24_000 }],
}
const wake = { score: 0.99, atMs: 10_600 }
const turnUntil = (endMs: number) => ({ wake, speech: { startMs: 10_000, endMs } })

test("a turn that ends with the last word, or a little before the label says so, is whole", () => {
  expect(pauseVerdict(label, { startMs: 10_000, turns: [turnUntil(13_000)] })).toBe("whole")
  expect(pauseVerdict(label, { startMs: 10_000, turns: [turnUntil(12_850)] })).toBe("whole")
})

test("a turn that ends in the pause is cut short", () => {
  expect(pauseVerdict(label, { startMs: 10_000, turns: [turnUntil(11_000)] })).toBe("cut short")
})

test("a sentence in two turns is cut short, although the second one holds its end", () => {
  const turns = [turnUntil(11_000), turnUntil(13_000)]
  expect(pauseVerdict(label, { startMs: 10_000, turns })).toBe("cut short")
})

test("a turn that never had any speech is cut short", () => {
  expect(pauseVerdict(label, { startMs: 10_000, turns: [{ wake, speech: undefined }] })).toBe("cut short")
})

test("without a wake there is nothing to be cut short", () => {
  expect(pauseVerdict(label, { startMs: 10_000, turns: [] })).toBe("not woken")
})
