import fc from "fast-check"
import { expect, test } from "vitest"
import { percentile, poissonInterval95, shareInterval95, summarise } from "../../benchmarks/statistics.ts"

test("a percentile is a value that was measured, and no smaller share has one that is larger", () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (values, a, b) => {
        expect(values).toContain(percentile(values, a))
        expect(percentile(values, Math.min(a, b))).toBeLessThanOrEqual(percentile(values, Math.max(a, b)))
      },
    ),
  )
})

test("of a hundred values the 95th is the p95, and of twenty the last but one", () => {
  const upTo = (count: number) => Array.from({ length: count }, (_, i) => count - i)
  expect(percentile(upTo(100), 0.95)).toBe(95)
  expect(percentile(upTo(20), 0.95)).toBe(19)
  expect(percentile([3, 1, 2], 0.5)).toBe(2)
})

test("of nothing there is no percentile, and a bar on it cannot be met", () => {
  expect(summarise([]).p50).toBeNaN()
})

test("no event in one hour leaves three an hour possible", () => {
  const { low, high } = poissonInterval95(0)
  expect(low).toBe(0)
  expect(high).toBeCloseTo(2.996, 2)
})

test("the interval of three events is the one of the tables", () => {
  const { low, high } = poissonInterval95(3)
  expect(low).toBeCloseTo(0.619, 2)
  expect(high).toBeCloseTo(8.767, 2)
})

test("the interval of 0 of 100 ends near 3.7 %, that of 228 of 240 holds 95 %", () => {
  expect(shareInterval95(0, 100).low).toBe(0)
  expect(shareInterval95(0, 100).high).toBeCloseTo(0.037, 3)
  const { low, high } = shareInterval95(228, 240)
  expect(low).toBeCloseTo(0.9146, 3)
  expect(high).toBeCloseTo(0.9711, 3)
})
