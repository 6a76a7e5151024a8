import { describe, expect, it } from "vitest"
import { seededRandom } from "../../benchmarks/corpus/random.ts"
import { Tape } from "../../benchmarks/tape.ts"
import { msToSamples } from "../../src/audio/format.ts"

const ORIGIN_MS = 10_000

/** Noise that changes slowly enough to be known by its coarse shape, as a voice does. */
const sound = (ms: number, level: number, seed: number): Int16Array => {
  const random = seededRandom(seed)
  let low = 0
  return Int16Array.from({ length: msToSamples(ms) }, () => {
    low += 0.1 * (random() * 2 - 1 - low)
    return Math.round(level * low)
  })
}

const mixed = (length: number, parts: readonly { atMs: number; samples: Int16Array }[]): Int16Array => {
  const out = new Int16Array(msToSamples(length))
  for (const { atMs, samples } of parts)
    samples.forEach((sample, i) => {
      out[msToSamples(atMs) + i] = (out[msToSamples(atMs) + i] ?? 0) + sample
    })
  return out
}

describe("a tape", () => {
  it("tells when something was heard first and last, to the sample", () => {
    const tone = new Int16Array(msToSamples(100)).fill(1000)
    const tape = new Tape(
      mixed(1000, [
        { atMs: 200, samples: tone },
        { atMs: 600, samples: tone },
      ]),
      ORIGIN_MS,
    )
    expect(tape.firstAudibleMs(ORIGIN_MS)).toBeCloseTo(ORIGIN_MS + 200, 1)
    expect(tape.firstAudibleMs(ORIGIN_MS + 350)).toBeCloseTo(ORIGIN_MS + 600, 1)
    expect(tape.firstAudibleMs(ORIGIN_MS + 750)).toBeUndefined()
    expect(tape.lastAudibleMs(ORIGIN_MS, ORIGIN_MS + 500)).toBeCloseTo(ORIGIN_MS + 300, 0)
    expect(tape.lastAudibleMs(ORIGIN_MS + 350, ORIGIN_MS + 500)).toBeUndefined()
  })

  it("does not count what nobody hears", () => {
    const tape = new Tape(new Int16Array(msToSamples(100)).fill(100), ORIGIN_MS)
    expect(tape.firstAudibleMs(ORIGIN_MS)).toBeUndefined()
  })

  it.each([120, 333.25, 1499])("finds a recording under a louder one, at %d ms", (atMs) => {
    const recording = sound(700, 20_000, 1)
    const tape = new Tape(
      mixed(2500, [
        { atMs: 0, samples: sound(2500, 30_000, 2) },
        { atMs, samples: recording },
      ]),
      ORIGIN_MS,
    )
    expect(Math.abs((tape.startOf(recording) ?? 0) - ORIGIN_MS - atMs)).toBeLessThanOrEqual(0.25)
  })

  it("does not find a recording that is not there", () => {
    const tape = new Tape(sound(2000, 30_000, 2), ORIGIN_MS)
    expect(tape.startOf(sound(700, 20_000, 1))).toBeUndefined()
    expect(new Tape(new Int16Array(8000), ORIGIN_MS).startOf(sound(700, 20_000, 1))).toBeUndefined()
  })
})
