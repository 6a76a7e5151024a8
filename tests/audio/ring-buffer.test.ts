import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { RingBuffer } from "../../src/audio/ring-buffer.ts"

/** What the buffer should hold, kept the simple way: every sample ever pushed, and where forgetting has got to. */
class NaiveModel {
  all: number[] = []
  start = 0
  readonly #capacity: number

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  push(samples: readonly number[]): void {
    this.all.push(...samples)
    this.start = Math.max(this.start, this.all.length - this.#capacity)
  }

  slice(from: number, to: number): number[] {
    return this.all.slice(Math.max(from, this.start), Math.max(0, to))
  }
}

const operation = fc.oneof(
  { weight: 5, arbitrary: fc.array(fc.integer({ min: -32768, max: 32767 }), { maxLength: 40 }) },
  { weight: 1, arbitrary: fc.constant("wipe" as const) },
  { weight: 1, arbitrary: fc.record({ skip: fc.integer({ min: 0, max: 60 }) }) },
)

describe("RingBuffer", () => {
  it("agrees with a model that keeps everything, whatever is pushed, skipped and wiped", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 24 }),
        fc.array(operation, { maxLength: 30 }),
        fc.integer({ min: -5, max: 400 }),
        fc.integer({ min: 0, max: 60 }),
        (capacity, operations, from, length) => {
          const ring = new RingBuffer(capacity, 1000)
          const model = new NaiveModel(capacity)
          for (const one of operations) {
            if (one === "wipe") {
              ring.forgetBefore(ring.end)
              model.start = model.all.length
            } else if ("skip" in one) {
              const position = model.all.length + one.skip
              ring.skipTo(position)
              model.push(new Array(one.skip).fill(0))
            } else {
              ring.push(Int16Array.from(one))
              model.push(one)
            }
            expect([ring.start, ring.end]).toEqual([model.start, model.all.length])
            expect([...ring.slice(0, ring.end)]).toEqual(model.slice(0, model.all.length))
          }
          expect([...ring.slice(from, from + length)]).toEqual(model.slice(from, from + length))
        },
      ),
    )
  })

  it("gives a copy, so that a wipe does not reach what was taken out", () => {
    const ring = new RingBuffer(10, 1000)
    ring.push(Int16Array.of(1, 2, 3))
    const kept = ring.slice(0, 3)
    ring.forgetBefore(ring.end)
    expect([...kept]).toEqual([1, 2, 3])
    expect(ring.slice(0, 3)).toHaveLength(0)
  })

  it("answers short when asked for what is older than kept", () => {
    const ring = new RingBuffer(4, 1000)
    ring.push(Int16Array.of(1, 2, 3, 4, 5, 6))
    expect([...ring.slice(0, 5)]).toEqual([3, 4, 5])
    expect(ring.start).toBe(2)
  })

  it("keeps the 35 s that the longest utterance needs", () => {
    const ring = new RingBuffer(35_000)
    for (let frame = 0; frame < 1200; frame++) ring.push(new Int16Array(512).fill(frame))
    expect(ring.slice(ring.end - 35 * 16_000, ring.end)).toHaveLength(560_000)
    expect(ring.slice(ring.end - 1, ring.end)[0]).toBe(1199)
  })

  it("refuses a capacity that holds nothing", () => {
    expect(() => new RingBuffer(0)).toThrow(/holds no sample/)
  })

  it("forgets what is older than a position, wherever the ring wraps, and keeps the rest", () => {
    for (const pushed of [4, 9, 16, 23]) {
      const ring = new RingBuffer(1)
      ring.push(Int16Array.from({ length: pushed }, (_, i) => i + 1))
      ring.forgetBefore(ring.end - 3)
      expect([...ring.slice(0, ring.end)]).toEqual([pushed - 2, pushed - 1, pushed])
      ring.forgetBefore(ring.end + 5)
      expect(ring.slice(0, ring.end)).toHaveLength(0)
      ring.push(Int16Array.of(7))
      expect([...ring.slice(0, ring.end)]).toEqual([7])
    }
  })
})
