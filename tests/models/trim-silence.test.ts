import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { trimSilence } from "../../src/models/trim-silence.ts"

const RATE_HZ = 1000

function clip(leadMs: number, voicedMs: number, tailMs: number, floor = 0): Int16Array {
  const samples = new Int16Array(leadMs + voicedMs + tailMs).fill(floor)
  return samples.fill(8000, leadMs, leadMs + voicedMs)
}

describe("trimming the silence around speech", () => {
  it("keeps at most 20 ms before and 60 ms after", () => {
    expect(trimSilence(clip(300, 500, 400), RATE_HZ)).toEqual(clip(20, 500, 60))
  })

  it("adds nothing where there is less", () => {
    expect(trimSilence(clip(5, 500, 10), RATE_HZ)).toEqual(clip(5, 500, 10))
  })

  it("takes what is below −50 dBFS for silence and what is above for speech", () => {
    expect(trimSilence(clip(300, 500, 400, 103), RATE_HZ)).toHaveLength(580)
    expect(trimSilence(clip(300, 500, 400, -105), RATE_HZ)).toHaveLength(1200)
  })

  it("returns nothing for silence, and nothing for nothing", () => {
    expect(trimSilence(new Int16Array(500).fill(20), RATE_HZ)).toHaveLength(0)
    expect(trimSilence(new Int16Array(), RATE_HZ)).toHaveLength(0)
  })

  it("never cuts an audible sample", () => {
    fc.assert(
      fc.property(fc.int16Array({ maxLength: 400 }), (samples) => {
        const audible = (all: Int16Array) => all.filter((sample) => Math.abs(sample) > 104)
        expect(audible(trimSilence(samples, RATE_HZ))).toEqual(audible(samples))
      }),
    )
  })
})
