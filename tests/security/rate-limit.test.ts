import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { RateLimit } from "../../src/security/rate-limit.ts"

const MINUTE_MS = 60_000
const tenAMinute = (): RateLimit => new RateLimit({ perMinute: 10, deniedPerMinute: 3 })

const admitMany = (limit: RateLimit, count: number, nowMs: number): number =>
  Array.from({ length: count }, () => limit.admit(nowMs)).filter(Boolean).length

describe("RateLimit", () => {
  it("admits ten operations and refuses the eleventh", () => {
    const limit = tenAMinute()
    for (let call = 0; call < 10; call += 1) expect(limit.admit(call)).toBe(true)
    expect(limit.admit(10)).toBe(false)
  })

  it("admits ten of fifty calls that come at the same moment", () => {
    expect(admitMany(tenAMinute(), 50, 5)).toBe(10)
  })

  it("counts an operation until it is exactly a minute old, and not at that moment", () => {
    const limit = tenAMinute()
    admitMany(limit, 10, 1_000)
    expect(limit.admit(1_000 + MINUTE_MS - 1)).toBe(false)
    expect(limit.admit(1_000 + MINUTE_MS)).toBe(true)
  })

  it("slides: it gives back one place for each operation that grows old, and not all at once", () => {
    const limit = tenAMinute()
    for (let call = 0; call < 10; call += 1) limit.admit(call * 1_000)
    expect(admitMany(limit, 10, MINUTE_MS + 2_000)).toBe(3)
    expect(admitMany(limit, 10, MINUTE_MS + 2_999)).toBe(0)
    expect(admitMany(limit, 10, MINUTE_MS + 3_000)).toBe(1)
  })

  it("does not count a call that was refused", () => {
    const limit = tenAMinute()
    admitMany(limit, 10, 0)
    admitMany(limit, 1_000, MINUTE_MS - 1)
    expect(admitMany(limit, 20, MINUTE_MS)).toBe(10)
  })

  it("gives nothing back when the clock goes back, and waits for it to come to where it was", () => {
    const limit = tenAMinute()
    admitMany(limit, 10, 100_000)
    expect(limit.admit(0)).toBe(false)
    expect(limit.admit(100_000 - MINUTE_MS)).toBe(false)
    expect(limit.admit(100_000 + MINUTE_MS - 1)).toBe(false)
    expect(limit.admit(100_000 + MINUTE_MS)).toBe(true)
  })

  it("counts a call of a clock that went back as one of the latest moment", () => {
    const limit = new RateLimit({ perMinute: 2, deniedPerMinute: 0 })
    limit.admit(100_000)
    limit.admit(50_000)
    expect(limit.admit(50_000 + MINUTE_MS)).toBe(false)
    expect(limit.admit(100_000 + MINUTE_MS - 1)).toBe(false)
    expect(admitMany(limit, 5, 100_000 + MINUTE_MS)).toBe(2)
  })

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    "admits nothing at the time %s, and remembers nothing of it",
    (nowMs) => {
      const limit = tenAMinute()
      expect(limit.admit(nowMs)).toBe(false)
      expect(limit.admitDenial(nowMs)).toBe(false)
      expect(admitMany(limit, 20, 0)).toBe(10)
    },
  )

  it.each([0, -1, Number.NaN, Number.NEGATIVE_INFINITY])("admits nothing with a limit of %s", (perMinute) => {
    const limit = new RateLimit({ perMinute, deniedPerMinute: 1 })
    limit.seed([1, 2, 3], 10)
    expect(limit.admit(0)).toBe(false)
    expect(limit.admit(10 * MINUTE_MS)).toBe(false)
  })

  it("keeps a budget of its own for refusals: neither uses up the other", () => {
    const limit = tenAMinute()
    expect(Array.from({ length: 5 }, () => limit.admitDenial(0))).toEqual([true, true, true, false, false])
    expect(admitMany(limit, 20, 0)).toBe(10)
    expect(limit.admitDenial(MINUTE_MS)).toBe(true)
  })

  it("goes on where an earlier process ended", () => {
    const limit = tenAMinute()
    limit.seed([59_999, 60_000, 60_001, 30_000, 10], 500_000)
    expect(admitMany(limit, 20, 500_000)).toBe(7)
    expect(admitMany(limit, 20, 500_001)).toBe(1)
  })

  it("takes the newest of more operations than it admits", () => {
    const limit = tenAMinute()
    limit.seed(
      Array.from({ length: 200 }, (_, at) => at * 100),
      500_000,
    )
    expect(limit.admit(500_000 + MINUTE_MS - 901)).toBe(false)
    expect(limit.admit(500_000 + MINUTE_MS - 900)).toBe(true)
    expect(limit.admit(500_000 + MINUTE_MS - 900)).toBe(false)
  })

  it.each([-5, -MINUTE_MS, Number.NaN])("counts an operation of age %s as one of now", (age) => {
    const limit = new RateLimit({ perMinute: 1, deniedPerMinute: 0 })
    limit.seed([age], 1_000)
    expect(limit.admit(1_000 + MINUTE_MS - 1)).toBe(false)
    expect(limit.admit(1_000 + MINUTE_MS)).toBe(true)
  })

  it("seeds the budget of refusals as well, and keeps what it had admitted before it was seeded", () => {
    const limit = tenAMinute()
    admitMany(limit, 4, 0)
    limit.seed([5, 6], 0, [1, 1])
    expect(admitMany(limit, 20, 0)).toBe(4)
    expect([limit.admitDenial(0), limit.admitDenial(0)]).toEqual([true, false])
  })

  it("admits exactly what counting every call of the last minute admits, for any clock and any seed", () => {
    const step = fc.record({
      // Often exactly an edge, sometimes back.
      byMs: fc.oneof(
        fc.constantFrom(0, 1, 59_999, 60_000, 60_001, -1, -60_000),
        fc.integer({ min: -90_000, max: 90_000 }),
      ),
      calls: fc.nat(4),
    })
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 6 }),
        fc.array(fc.integer({ min: -10, max: 130_000 }), { maxLength: 12 }),
        fc.array(step, { maxLength: 40 }),
        (perMinute, ages, steps) => {
          const limit = new RateLimit({ perMinute, deniedPerMinute: 0 })
          limit.seed(ages, 0)
          // The oracle keeps everything, and its clock never goes back.
          const admitted = ages.map((age) => -Math.max(0, age))
          let clock = 0
          let latest = 0
          for (const { byMs, calls } of steps) {
            clock += byMs
            // The limit knows of a moment only when it is asked.
            if (calls > 0) latest = Math.max(latest, clock)
            for (let call = 0; call < calls; call += 1) {
              const inWindow = admitted.filter((at) => latest - at < MINUTE_MS).length
              const allowed = inWindow < perMinute
              if (allowed) admitted.push(latest)
              expect(limit.admit(clock)).toBe(allowed)
            }
          }
        },
      ),
      { numRuns: 1_000 },
    )
  })
})
