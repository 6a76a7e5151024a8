import { describe, expect, it } from "vitest"
import { SimulatedClock } from "xstate"
import { Heartbeat } from "../../../src/actors/hosts/host-heartbeat.ts"

const times = { everyMs: 500, answerWithinMs: 2000, toleranceMs: 250 }

/** A heartbeat on a simulated clock whose reading can run ahead of its timers, as it does when the event loop stalls. */
const rig = () => {
  const clock = new SimulatedClock()
  let stalledMs = 0
  const found = { pings: 0, hung: 0 }
  const heartbeat = new Heartbeat({
    clock: {
      now: () => clock.now() + stalledMs,
      setTimeout: (fn, ms) => clock.setTimeout(fn, ms),
      clearTimeout: (timer) => clock.clearTimeout(Number(timer)),
    },
    times,
    sendPing: () => {
      found.pings++
    },
    onHung: () => {
      found.hung++
    },
  })
  heartbeat.start()
  const pass = (ms: number) => {
    for (let passed = 0; passed < ms; passed += 10) clock.increment(10)
  }
  return { heartbeat, found, pass, stall: (ms: number) => (stalledMs += ms) }
}

describe("the heartbeat of a host", () => {
  it("sends one ping at a time, each half a second after the last answer", () => {
    const { heartbeat, found, pass } = rig()
    for (let round = 1; round <= 10; round++) {
      pass(500)
      expect(found.pings).toBe(round)
      heartbeat.pong()
    }
    expect(found.hung).toBe(0)
  })

  it("tells a stop at most 2.5 s after it, and once", () => {
    const { heartbeat, found, pass } = rig()
    pass(500)
    heartbeat.pong()
    pass(2490)
    expect(found.hung).toBe(0)
    pass(20)
    expect(found.hung).toBe(1)
    pass(10_000)
    expect(found).toEqual({ pings: 2, hung: 1 })
  })

  it("does not count a miss when its own timer was late: it asks again", () => {
    const { found, pass, stall } = rig()
    pass(500)
    stall(1000)
    pass(2100)
    expect(found).toEqual({ pings: 2, hung: 0 })
    pass(2100)
    expect(found.hung).toBe(1)
  })

  it("still takes a pong that arrives together with the end of the wait", () => {
    const clock = new SimulatedClock()
    let hung = 0
    const heartbeat = new Heartbeat({
      clock: {
        now: () => clock.now(),
        // A zero timer is the next turn of the event loop, and the socket is read before it.
        setTimeout: (fn, ms) => clock.setTimeout(fn, ms === 0 ? 1 : ms),
        clearTimeout: (timer) => clock.clearTimeout(Number(timer)),
      },
      times,
      sendPing: () => undefined,
      onHung: () => {
        hung++
      },
    })
    heartbeat.start()
    clock.increment(500)
    clock.increment(2000)
    heartbeat.pong()
    clock.increment(1)
    expect(hung).toBe(0)
  })

  it("is silent after stop", () => {
    const { heartbeat, found, pass } = rig()
    pass(500)
    heartbeat.stop()
    pass(10_000)
    expect(found).toEqual({ pings: 1, hung: 0 })
  })
})
