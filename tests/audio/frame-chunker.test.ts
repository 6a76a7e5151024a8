import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { FRAME_SAMPLES } from "../../src/audio/format.ts"
import { FrameChunker } from "../../src/audio/frame-chunker.ts"

describe("FrameChunker", () => {
  it("cuts any pieces into whole frames that follow one another and lose nothing", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 1500 }), { maxLength: 12 }), (lengths) => {
        const chunker = new FrameChunker()
        let value = 0
        const given: number[] = []
        const frames = lengths.flatMap((length) => {
          const piece = Int16Array.from({ length }, () => value++ % 30_000)
          given.push(...piece)
          return [...chunker.push(piece)]
        })
        const last = chunker.finish()
        if (last !== undefined) frames.push(last)
        expect(frames.every(({ samples }) => samples.length === FRAME_SAMPLES)).toBe(true)
        expect(frames.map(({ startSample }) => startSample)).toEqual(frames.map((_, i) => i * FRAME_SAMPLES))
        const joined = frames.flatMap(({ samples }) => [...samples])
        expect(joined.slice(0, given.length)).toEqual(given)
        expect(joined.slice(given.length).every((sample) => sample === 0)).toBe(true)
        expect(joined.length - given.length).toBeLessThan(FRAME_SAMPLES)
      }),
    )
  })

  it("completes what was begun with silence when a gap comes, and marks the frame", () => {
    const chunker = new FrameChunker()
    chunker.push(new Int16Array(100).fill(7))
    const gap = chunker.gap()
    expect(gap.gap).toBe(true)
    expect([gap.samples[99], gap.samples[100]]).toEqual([7, 0])
    expect(chunker.push(new Int16Array(FRAME_SAMPLES))[0]).toMatchObject({ startSample: 512, gap: false })
  })
})
