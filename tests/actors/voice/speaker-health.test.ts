import { describe, expect, it } from "vitest"
import { watchSpeaker } from "../../../src/actors/voice/speaker-health.ts"

const rig = () => {
  const told: string[] = []
  let nowMs = 0
  const watch = watchSpeaker({
    now: () => nowMs,
    onAway: (message) => told.push(`away: ${message}`),
    onBack: () => told.push("back"),
  })
  return {
    told,
    fail: (atMs: number) => {
      nowMs = atMs
      watch({ type: "failed", message: "no sound server" })
    },
    sound: (atMs: number) => {
      nowMs = atMs
      watch({ type: "first-audible", clipId: "a", atMs, latencyMs: 40 })
    },
  }
}

describe("a speaker that goes away", () => {
  it("is told of once, however often it fails", () => {
    const { told, fail } = rig()
    for (let atMs = 0; atMs < 1000; atMs += 20) fail(atMs)
    expect(told).toEqual(["away: no sound server"])
  })

  it("is back with the first sound that it takes, and may go away again", () => {
    const { told, fail, sound } = rig()
    fail(0)
    sound(5000)
    sound(6000)
    fail(7000)
    expect(told).toEqual(["away: no sound server", "back", "away: no sound server"])
  })

  it("is not back with a sound of which the write has just failed", () => {
    const { told, fail, sound } = rig()
    fail(0)
    fail(5000)
    sound(5000)
    expect(told).toEqual(["away: no sound server"])
  })
})
