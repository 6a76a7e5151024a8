import { expect, test } from "vitest"
import { hostsOf } from "../../src/actors/models/model-branch.ts"
import { loadConfig } from "../../src/config/load-config.ts"
import { checkSupervisor } from "../../src/machines/supervision/supervision-check.ts"
import { childSpec, supervisorFlags } from "../../src/machines/supervision/supervision-types.ts"

const configured = (...overrides: readonly (readonly [string, string])[]) =>
  hostsOf(loadConfig({ env: {}, overrides: new Map(overrides), mayBeMissing: true }).config)

test("a stopped process is noticed and replaced within 3 s by default, and when else is a setting", () => {
  const { everyMs, answerWithinMs } = configured().heartbeat ?? { everyMs: 0, answerWithinMs: 0 }
  expect(everyMs + answerWithinMs).toBe(2000)
  expect(configured(["supervision.hung_ms", "700"]).heartbeat?.answerWithinMs).toBe(700)
})

test("the setting is for a Wyoming server of ours too", () => {
  const ours = [
    ["stt.engine", "wyoming"],
    ["stt.wyoming_url", "tcp://127.0.0.1:10300"],
    ["stt.wyoming_command", "true"],
  ] as const
  expect(configured(...ours).wyoming?.hungMs).toBe(1500)
  expect(configured(...ours, ["supervision.hung_ms", "700"]).wyoming?.hungMs).toBe(700)
})

test("whatever may be configured is a restart policy that a supervisor takes", () => {
  for (const restarts of ["1", "10"]) {
    for (const period of ["60", "3600"]) {
      const { policy } = configured(["supervision.restarts", restarts], ["supervision.period_s", period])
      if (policy === undefined) throw new Error("no policy")
      expect(policy).toMatchObject({ intensity: Number(restarts), periodMs: Number(period) * 1000 })
      expect(checkSupervisor("hosts", supervisorFlags(), [childSpec({ id: "stt", policy })])).toBeUndefined()
    }
  }
})
