import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { AudioClock } from "../../src/audio/audio-clock.ts"

const SAMPLES_PER_MS = 16

describe("AudioClock", () => {
  it("fires timers in the order of their due times, then of their making, each at its own time", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 50 }), { maxLength: 20 }),
        fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 20 }),
        (delays, steps) => {
          const clock = new AudioClock()
          const fired: { readonly id: number; readonly atMs: number }[] = []
          for (const [id, delay] of delays.entries())
            clock.setTimeout(() => fired.push({ id, atMs: clock.now() }), delay)
          let nowMs = 0
          for (const step of steps) {
            nowMs += step
            clock.advanceTo(nowMs * SAMPLES_PER_MS)
            expect(clock.now()).toBe(nowMs)
          }
          const expected = delays
            .map((atMs, id) => ({ id, atMs }))
            .filter(({ atMs }) => atMs <= nowMs)
            .sort((a, b) => a.atMs - b.atMs || a.id - b.id)
          expect(fired).toEqual(expected)
        },
      ),
    )
  })

  it("fires in the same advance what a callback sets, when it is due by then", () => {
    const clock = new AudioClock()
    const fired: string[] = []
    clock.setTimeout(() => {
      fired.push("first")
      clock.setTimeout(() => fired.push(`second at ${clock.now()}`), 5)
      clock.setTimeout(() => fired.push("too late"), 50)
    }, 10)
    clock.advanceTo(20 * SAMPLES_PER_MS)
    expect(fired).toEqual(["first", "second at 15"])
  })

  it("ends although a callback always sets another timer without a wait", () => {
    const clock = new AudioClock()
    let count = 0
    const again = () => {
      count += 1
      clock.setTimeout(again, 0)
    }
    again()
    clock.advanceTo(100 * SAMPLES_PER_MS)
    expect(count).toBe(101)
  })

  it("does not fire what was cleared, also from a callback due at the same time", () => {
    const clock = new AudioClock()
    const fired: string[] = []
    clock.setTimeout(() => clock.clearTimeout(second), 10)
    const second = clock.setTimeout(() => fired.push("second"), 10)
    clock.clearTimeout("not a timer")
    clock.advanceTo(1000 * SAMPLES_PER_MS)
    expect(fired).toEqual([])
  })

  it("never goes backwards, and a callback that advances it does not run others inside itself", () => {
    const clock = new AudioClock()
    const fired: string[] = []
    clock.setTimeout(() => {
      fired.push("begin")
      clock.advanceTo(40 * SAMPLES_PER_MS)
      fired.push("end")
    }, 10)
    clock.setTimeout(() => fired.push("other"), 30)
    clock.advanceTo(20 * SAMPLES_PER_MS)
    clock.advanceTo(0)
    expect(fired).toEqual(["begin", "end", "other"])
    expect(clock.now()).toBe(40)
    expect(clock.nowSample()).toBe(640)
  })

  it("lets the other timers fire when one throws, and then throws its error", () => {
    const clock = new AudioClock()
    const fired: string[] = []
    clock.setTimeout(() => {
      throw new Error("first")
    }, 1)
    clock.setTimeout(() => fired.push("second"), 2)
    expect(() => clock.advanceTo(160)).toThrow("first")
    expect(fired).toEqual(["second"])
    expect(clock.now()).toBe(10)
  })
})
