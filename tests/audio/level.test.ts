import { describe, expect, it } from "vitest"
import { firstAudible, isAllZero, measureLevel } from "../../src/audio/level.ts"

const sine = (amplitude: number, length = 1600) =>
  Int16Array.from({ length }, (_, i) => amplitude * Math.sin((2 * Math.PI * 440 * i) / 16_000))

describe("measureLevel", () => {
  it("puts a full-scale sine 3 dB below full scale and a tenth of it 20 dB lower", () => {
    expect(measureLevel(sine(32767)).rmsDbfs).toBeCloseTo(-3.01, 1)
    expect(measureLevel(sine(3276.7)).rmsDbfs).toBeCloseTo(-23.01, 1)
    expect(measureLevel(sine(32767)).peakDbfs).toBeCloseTo(0, 1)
  })

  it("counts the share of samples at the limits", () => {
    expect(measureLevel(Int16Array.of(32767, -32768, 0, 100)).clipped).toBe(0.5)
  })

  it("calls nothing and zeros infinitely quiet", () => {
    expect(measureLevel(new Int16Array(0)).rmsDbfs).toBe(Number.NEGATIVE_INFINITY)
    expect(measureLevel(new Int16Array(10)).peakDbfs).toBe(Number.NEGATIVE_INFINITY)
  })
})

describe("firstAudible", () => {
  it("finds the first sample above −50 dBFS", () => {
    expect(firstAudible(Int16Array.of(0, 100, -103, -104, 5000))).toBe(3)
    expect(firstAudible(Int16Array.of(0, 100, -103))).toBe(-1)
  })
})

describe("isAllZero", () => {
  it("tells digital silence from the faintest noise", () => {
    expect(isAllZero(new Int16Array(512))).toBe(true)
    expect(isAllZero(Int16Array.of(0, 0, -1))).toBe(false)
  })
})
