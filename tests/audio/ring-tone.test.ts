import { expect, it } from "vitest"
import { ringTone } from "../../src/audio/ring-tone.ts"

it.each([16_000, 22_050, 24_000, 48_000])(
  "rings twice within half a second at %d Hz, without a click, and leaves a rest",
  (rateHz) => {
    const { samples, rateHz: rate } = ringTone(rateHz)
    expect(rate).toBe(rateHz)
    const loudIn = (fromMs: number, toMs: number): boolean =>
      samples
        .subarray(Math.round((fromMs * rateHz) / 1000), Math.round((toMs * rateHz) / 1000))
        .some((sample) => Math.abs(sample) > 1000)
    const beats = [0, 150, 210, 360, 560].map((ms, index, all) => loudIn(all[index - 1] ?? 0, ms))
    expect(beats).toEqual([false, true, false, true, false])
    expect(Math.round((samples.length * 1000) / rateHz)).toBe(560)
    expect(samples[0]).toBe(0)
    expect(samples.every((sample) => Math.abs(sample) <= 32_767 * 10 ** (-18 / 20) + 1)).toBe(true)
  },
)
