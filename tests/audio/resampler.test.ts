import * as Effect from "effect/Effect"
import { describe, expect, it } from "vitest"
import { Resampler, resampleClip } from "../../src/audio/resampler.ts"

const sine = (rateHz: number, frequencyHz: number, seconds: number) =>
  Float32Array.from(
    { length: rateHz * seconds },
    (_, i) => 0.5 * Math.sin((2 * Math.PI * frequencyHz * i) / rateHz),
  )

const convert = (from: number, to: number, input: Float32Array, pieceLength: number) =>
  Effect.runPromise(
    Effect.map(Resampler.make(from, to), (resampler) => {
      const out: number[] = []
      for (let at = 0; at < input.length; at += pieceLength)
        out.push(...resampler.push(input.subarray(at, at + pieceLength)))
      out.push(...resampler.finish())
      resampler.destroy()
      return Float32Array.from(out)
    }),
  )

describe("Resampler", () => {
  it.each([8000, 11_025, 22_050, 44_100, 48_000, 96_000, 192_000, 384_000])(
    "brings %s Hz to 16 kHz with the phase kept, whatever the pieces",
    async (rateHz) => {
      const input = sine(rateHz, 440, 0.5)
      const expected = sine(16_000, 440, 0.5)
      const inOne = await convert(rateHz, 16_000, input, input.length)
      const inPieces = await convert(rateHz, 16_000, input, 313)
      const length = Math.round((input.length * 16_000) / rateHz)
      expect(inOne).toHaveLength(length)
      expect(inPieces).toHaveLength(length)
      // The ends, where the filter sees silence beyond the signal, are left out.
      for (let i = 400; i < 7600; i++) {
        expect(Math.abs((inOne[i] ?? 9) - (expected[i] ?? 0))).toBeLessThan(0.005)
        expect(Math.abs((inPieces[i] ?? 9) - (inOne[i] ?? 0))).toBeLessThan(1e-4)
      }
    },
  )

  it("removes what 16 kHz cannot carry instead of folding it back", async () => {
    const out = await convert(48_000, 16_000, sine(48_000, 11_000, 0.5), 1000)
    expect(Math.max(...out.slice(400, 7600).map(Math.abs))).toBeLessThan(0.001)
  })

  it("passes equal rates through untouched", async () => {
    const input = sine(16_000, 440, 0.1)
    expect([...(await convert(16_000, 16_000, input, 100))]).toEqual([...input])
  })

  it("refuses rates that it cannot join", async () => {
    const error = await Effect.runPromise(Effect.flip(Resampler.make(10, 16_000)))
    expect(error.message).toMatch(/10 Hz to 16000 Hz/)
  })

  it("brings a whole clip to another rate with its length in time", async () => {
    const clip = await Effect.runPromise(
      resampleClip({ samples: new Int16Array(22_050).fill(1000), rateHz: 22_050 }, 24_000),
    )
    expect(clip.rateHz).toBe(24_000)
    expect(clip.samples).toHaveLength(24_000)
    expect(clip.samples[12_000]).toBeCloseTo(1000, -1)
  })
})
