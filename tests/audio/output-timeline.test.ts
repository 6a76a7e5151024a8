import * as Effect from "effect/Effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { OutputTimeline } from "../../src/audio/output-timeline.ts"

/** 1 kHz, so that a millisecond is a sample. */
const rig = () => {
  const state = { nowMs: 0 }
  const heard: number[] = []
  const output = new OutputTimeline(
    1000,
    () => state.nowMs,
    (samples) => heard.push(...samples),
  )
  return { state, heard, output }
}

describe("OutputTimeline", () => {
  it("plays what is written after what waits, and silence where nothing waits", () => {
    const { state, heard, output } = rig()
    state.nowMs = 2
    Effect.runSync(output.write(Int16Array.of(5, 6, 7)))
    Effect.runSync(output.write(Int16Array.of(8)))
    expect(output.latencyMs()).toBe(4)
    state.nowMs = 4
    expect(output.latencyMs()).toBe(2)
    state.nowMs = 8
    output.settle()
    expect(heard).toEqual([0, 0, 5, 6, 7, 8, 0, 0])
  })

  it("drops on a flush what would have come after now, and says how much", () => {
    const { state, heard, output } = rig()
    Effect.runSync(output.write(Int16Array.of(1, 2, 3, 4)))
    state.nowMs = 1
    expect(Effect.runSync(output.flush())).toEqual({ droppedSamples: 3 })
    state.nowMs = 3
    output.settle()
    expect(heard).toEqual([1, 0, 0])
  })

  it("hands on exactly as many samples as time has passed, whatever is written and dropped", () => {
    const step = fc.oneof(
      fc.record({ write: fc.integer({ min: 0, max: 30 }) }),
      fc.record({ wait: fc.integer({ min: 0, max: 20 }) }),
      fc.constant("flush" as const),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const { state, heard, output } = rig()
        for (const one of steps) {
          if (one === "flush") Effect.runSync(output.flush())
          else if ("write" in one) Effect.runSync(output.write(new Int16Array(one.write).fill(1)))
          else state.nowMs += one.wait
        }
        output.settle()
        expect(heard).toHaveLength(state.nowMs)
      }),
    )
  })
})
