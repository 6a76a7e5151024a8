import fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  defaultSegmenterConfig,
  initialSegmenterState,
  type SegmenterEvent,
  segmenterStep,
} from "../../src/audio/segmenter.ts"

const run = (probabilities: readonly number[]): readonly SegmenterEvent[] => {
  let state = initialSegmenterState
  return probabilities.flatMap((probability, frameIndex) => {
    const step = segmenterStep(defaultSegmenterConfig, state, { frameIndex, probability })
    state = step.state
    return step.event === undefined ? [] : [step.event]
  })
}

const times = (count: number, probability: number): readonly number[] => new Array(count).fill(probability)

describe("segmenterStep", () => {
  it("starts speech at the first of three voiced frames, and not for two", () => {
    expect(run([0.1, 0.9, 0.9, 0.1, 0.5, 0.5, 0.5])).toEqual([{ type: "speech-started", atMs: 4 * 32 }])
  })

  it("pauses at the first of two silent frames and resumes at the first of two voiced ones", () => {
    const events = run([...times(3, 0.9), 0.34, 0.34, 0.1, 0.9, 0.1, 0.9, 0.9])
    expect(events).toEqual([
      { type: "speech-started", atMs: 0 },
      { type: "speech-paused", atMs: 3 * 32 },
      { type: "speech-resumed", atMs: 8 * 32 },
    ])
  })

  it("does not pause between the thresholds, nor for one silent frame", () => {
    expect(run([...times(3, 0.9), ...times(20, 0.4), 0.1, 0.4, 0.1, 0.9])).toEqual([
      { type: "speech-started", atMs: 0 },
    ])
  })

  it("ends after a second of silence, counts the voiced time and can start again", () => {
    const events = run([...times(10, 0.9), ...times(40, 0.01), ...times(3, 0.8)])
    expect(events).toEqual([
      { type: "speech-started", atMs: 0 },
      { type: "speech-paused", atMs: 320 },
      // 32 frames of silence are the first whole number that lasts 1000 ms.
      { type: "speech-ended", atMs: 320 + 32 * 32, lastVoicedMs: 320, voicedMs: 320 },
      { type: "speech-started", atMs: 50 * 32 },
    ])
  })

  it("is not kept open by single voiced frames", () => {
    const blips = new Array(20).fill([0.9, 0.1, 0.1]).flat()
    const events = run([...times(3, 0.9), 0.1, 0.1, ...blips])
    expect(events.map(({ type }) => type)).toEqual(["speech-started", "speech-paused", "speech-ended"])
  })

  it("gives alternating events at times that never go back, for any probabilities", () => {
    const follows: Readonly<Record<string, readonly string[]>> = {
      none: ["speech-started"],
      "speech-started": ["speech-paused"],
      "speech-paused": ["speech-resumed", "speech-ended"],
      "speech-resumed": ["speech-paused"],
      "speech-ended": ["speech-started"],
    }
    const stretch = fc
      .record({
        probability: fc.double({ min: 0, max: 1, noNaN: true }),
        count: fc.integer({ min: 1, max: 40 }),
      })
      .map(({ probability, count }) => times(count, probability))
    let ended = 0
    fc.assert(
      fc.property(fc.array(stretch, { maxLength: 30 }), (stretches) => {
        const probabilities = stretches.flat()
        const events = run(probabilities)
        let last = "none"
        let lastMs = 0
        for (const event of events) {
          expect(follows[last]).toContain(event.type)
          expect(event.atMs).toBeGreaterThanOrEqual(lastMs)
          expect(event.atMs).toBeLessThanOrEqual(probabilities.length * 32)
          if (event.type === "speech-ended") {
            ended += 1
            expect(event.voicedMs).toBeGreaterThanOrEqual(3 * 32)
            expect(event.atMs - event.lastVoicedMs).toBeGreaterThanOrEqual(1000)
          }
          last = event.type
          lastMs = event.atMs
        }
      }),
      { numRuns: 300 },
    )
    // How often depends on the seed; that it happens at all is what makes the checks above count.
    expect(ended).toBeGreaterThan(0)
  })
})
