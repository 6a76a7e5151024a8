import { expect, test } from "vitest"
import { noises, pinkNoise, rms, withNoise } from "../../../benchmarks/corpus/noise.ts"

test("noise is mixed at the asked distance below the speech, and not below the silence around it", () => {
  const speech = new Int16Array(32_000)
  for (let i = 8000; i < 24_000; i++) speech[i] = 6000 * Math.sin(i / 7)
  for (const snrDb of [20, 10]) {
    const mixed = withNoise(speech, { from: 8000, to: 24_000, snrDb, seed: 3 })
    const noise = mixed.map((sample, i) => sample - (speech[i] ?? 0))
    const measured = 20 * Math.log10(rms(speech, 8000, 24_000) / rms(noise, 0, noise.length))
    expect(measured).toBeCloseTo(snrDb, 0)
  }
})

test("pink noise has more power in low frequencies than in high ones, and is the same for one seed", () => {
  const noise = pinkNoise(16_000, 5)
  expect(pinkNoise(16_000, 5)).toEqual(noise)
  expect(pinkNoise(16_000, 6)).not.toEqual(noise)
  const differences = noise.map((value, i) => value - (noise[i - 1] ?? 0))
  // White noise would give 1.41.
  expect(rms(differences, 1, differences.length) / rms(noise, 0, noise.length)).toBeLessThan(1)
})

test("every generated noise can be heard and does not clip", () => {
  for (const [name, samples] of noises(5, 1)) {
    const peak = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0)
    expect(`${name} ${peak > 1000 && peak < 32_000}`).toBe(`${name} true`)
  }
})
