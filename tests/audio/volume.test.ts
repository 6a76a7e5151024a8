import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { applyVolume } from "../../src/audio/volume.ts"

describe("applyVolume", () => {
  it("leaves samples alone at 1, halves them at 0.5 and silences them at 0", () => {
    const samples = Int16Array.of(-32768, -7, 0, 1000, 32767)
    expect([...applyVolume(samples, 1)]).toEqual([...samples])
    expect([...applyVolume(samples, 0.5)]).toEqual([-16384, -3, 0, 500, 16384])
    expect([...applyVolume(samples, 0)].every((sample) => sample === 0)).toBe(true)
  })

  it("gets louder without wrapping round or turning the order of samples, at any setting", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -32768, max: 32767 }),
        fc.integer({ min: -32768, max: 32767 }),
        fc.double({ min: 0, max: 3, noNaN: true }),
        (a, b, volume) => {
          const [x = 0, y = 0] = applyVolume(Int16Array.of(Math.min(a, b), Math.max(a, b)), volume)
          expect(x).toBeLessThanOrEqual(y)
          if (volume > 1 && a > 100 && b > 100)
            expect(y).toBeGreaterThanOrEqual(Math.min(26_000, Math.max(a, b)))
        },
      ),
    )
  })
})
