import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { segmentSpeech } from "../../src/models/segment-speech.ts"

const SECOND = 16_000

describe("cutting long speech", () => {
  it("leaves 30 s whole", () => {
    const samples = new Int16Array(30 * SECOND).fill(900)
    expect(segmentSpeech(samples).map((segment) => segment.length)).toEqual([30 * SECOND])
  })

  it("cuts in the pause, not in the words", () => {
    const samples = new Int16Array(40 * SECOND).fill(900)
    samples.fill(0, 21 * SECOND, 21.3 * SECOND)
    const lengths = segmentSpeech(samples).map((segment) => segment.length / SECOND)
    expect(lengths).toHaveLength(2)
    expect(lengths[0]).toBeGreaterThan(21)
    expect(lengths[0]).toBeLessThan(21.3)
  })

  it("keeps every sample, in order, in segments of 3 to 30 s, whatever the length", () => {
    fc.assert(
      fc.property(fc.integer({ min: 30 * SECOND, max: 130 * SECOND }), (length) => {
        const segments = segmentSpeech(new Int16Array(length).fill(5))
        expect(segments.reduce((sum, segment) => sum + segment.length, 0)).toBe(length)
        expect(Math.max(...segments.map((segment) => segment.length))).toBeLessThanOrEqual(30 * SECOND)
        expect(Math.min(...segments.map((segment) => segment.length))).toBeGreaterThanOrEqual(3 * SECOND)
        const starts = segments.map((segment) => segment.byteOffset / 2)
        expect(starts).toEqual(starts.toSorted((a, b) => a - b))
      }),
      { numRuns: 20 },
    )
  })
})
