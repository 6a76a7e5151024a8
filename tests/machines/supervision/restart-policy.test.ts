import fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  decideRestart,
  NO_RESTARTS,
  type RestartDecision,
  type RestartHistory,
  type RestartPolicy,
} from "../../../src/machines/supervision/restart-policy.ts"

const policy: RestartPolicy = {
  intensity: 3,
  periodMs: 10_000,
  backoffMs: 100,
  maxBackoffMs: 150,
  breakerMs: 30_000,
}

/** The decisions for a child that ends at each of these times. */
const decisions = (times: readonly number[], start: RestartHistory = NO_RESTARTS): RestartDecision[] => {
  let history = start
  return times.map((atMs) => {
    const decision = decideRestart(policy, history, atMs, 0)
    history = decision.history
    return decision
  })
}

describe("the restart policy", () => {
  it("restarts at once, then with a growing delay up to its maximum, then gives up", () => {
    expect(decisions([0, 10, 200, 400])).toMatchObject([
      { type: "restart-now" },
      { type: "restart-after", delayMs: 100 },
      { type: "restart-after", delayMs: 150 },
      { type: "give-up", retryAtMs: 30_400 },
    ])
  })

  it("forgets a restart that is a whole period old, and no sooner", () => {
    expect(decisions([0, 1, 2, 10_000]).at(-1)).toMatchObject({ type: "restart-after", delayMs: 150 })
    expect(decisions([0, 1, 2, 9_999]).at(-1)).toMatchObject({ type: "give-up" })
    expect(decisions([0, 10_000, 20_000, 30_000]).every(({ type }) => type === "restart-now")).toBe(true)
  })

  it("gives a probe one attempt, unless it ran for a whole period", () => {
    const probing: RestartHistory = { restartsAtMs: [], probing: true }
    expect(decideRestart(policy, probing, 50_000, 9_999)).toMatchObject({ type: "give-up" })
    expect(decideRestart(policy, probing, 50_000, 10_000)).toMatchObject({ type: "restart-now" })
  })

  it("never allows more restarts within a period than its intensity, until it gives up", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(4000), { maxLength: 60 }), (gaps) => {
        let history = NO_RESTARTS
        let nowMs = 0
        let restarts: number[] = []
        for (const gap of gaps) {
          nowMs += gap
          const decision = decideRestart(policy, history, nowMs, 0)
          history = decision.history
          restarts = decision.type === "give-up" ? [] : [...restarts, nowMs]
          const inWindow = restarts.filter((atMs) => atMs > nowMs - policy.periodMs)
          expect(inWindow.length).toBeLessThanOrEqual(policy.intensity)
        }
      }),
    )
  })
})
