import { describe, expect, it } from "vitest"
import { SimulatedClock } from "xstate"
import { Timebase } from "../../../src/actors/voice/timebase.ts"

const clocks = (simulated: boolean) => {
  const audio = new SimulatedClock()
  const monotonic = new SimulatedClock()
  return { audio, monotonic, timebase: new Timebase({ audio, monotonic, simulated }) }
}

describe("a timebase over a real microphone", () => {
  it("places a moment of the audio clock where it was heard, not where it was noticed", () => {
    const { monotonic, timebase } = clocks(false)
    monotonic.set(1000)
    timebase.frameArrived(32)
    monotonic.set(1090)
    timebase.frameArrived(64)
    expect(timebase.ofAudio(64)).toBe(1032)
    expect(timebase.now()).toBe(1090)
  })

  it("takes the least delayed frame as the truest", () => {
    const { monotonic, timebase } = clocks(false)
    monotonic.set(1100)
    timebase.frameArrived(32)
    monotonic.set(1101)
    timebase.frameArrived(64)
    expect(timebase.ofAudio(32)).toBe(1069)
  })

  it("follows a clock that drifts, within two minutes", () => {
    const { monotonic, timebase } = clocks(false)
    for (let frame = 1; frame <= 4100; frame++) {
      // One part in a thousand slow: after 131 s of audio 131 ms behind.
      monotonic.set(Math.round(frame * 32 * 1.001))
      timebase.frameArrived(frame * 32)
    }
    const driftMs = 4100 * 32 * 0.001
    expect(timebase.ofAudio(0)).toBeGreaterThan(driftMs - 70)
    expect(timebase.ofAudio(0)).toBeLessThanOrEqual(driftMs + 1)
  })

  it("says now for a moment before the first frame", () => {
    const { monotonic, timebase } = clocks(false)
    monotonic.set(77)
    expect(timebase.ofAudio(5)).toBe(77)
  })
})

it("over a simulated clock, audio time is the time", () => {
  const { audio, monotonic, timebase } = clocks(true)
  audio.set(500)
  monotonic.set(9000)
  timebase.frameArrived(500)
  expect([timebase.now(), timebase.ofAudio(320), timebase.audioNow(), timebase.monotonic()]).toEqual([
    500, 320, 500, 9000,
  ])
})
