import { describe, expect, it } from "vitest"
import { DEFAULT_RESTART_POLICY } from "../../../src/machines/supervision/restart-policy.ts"
import { checkSupervisor } from "../../../src/machines/supervision/supervision-check.ts"
import { childSpec, supervisorFlags } from "../../../src/machines/supervision/supervision-types.ts"

/** The cases are those of Erlang/OTP's supervisor_SUITE for flags and child specs; the codes are its own where it has one. */
const groups = { strategy: "one_for_all", pastIntensity: "escalate" } as const
const check = (
  flags: Readonly<Record<string, unknown>>,
  ...specs: readonly Readonly<Record<string, unknown>>[]
) =>
  checkSupervisor(
    "top",
    { ...supervisorFlags(), ...flags },
    specs.map((spec) => ({ ...childSpec({ id: "child" }), ...spec })),
  )

describe("the check of a supervisor", () => {
  it.each([
    ["invalid_strategy", { strategy: "none_for_one" }, 'strategy "none_for_one"'],
    ["invalid_intensity", { intensity: Number.POSITIVE_INFINITY }, "intensity Infinity"],
    ["invalid_intensity", { intensity: -1 }, "intensity -1"],
    ["invalid_intensity", { intensity: 1.5 }, "intensity 1.5"],
    ["invalid_period", { periodMs: 0 }, "periodMs 0"],
    ["invalid_period", { periodMs: Number.NaN }, "periodMs NaN"],
    ["invalid_auto_shutdown", { autoShutdown: "sometimes" }, 'autoShutdown "sometimes"'],
    ["invalid_past_intensity", { pastIntensity: undefined }, "pastIntensity undefined"],
    ["invalid_backoff", { backoffMs: 200, maxBackoffMs: 100 }, "backoffMs 200 and maxBackoffMs 100"],
    ["bad_combination", { strategy: "rest_for_one", pastIntensity: "break" }, 'use "escalate"'],
    [
      "bad_combination",
      { ...groups, intensity: 5, periodMs: 3000, backoffMs: 200, maxBackoffMs: 5000 },
      "back-offs of 3000 ms in all for 5 restarts within 3000 ms",
    ],
  ])("sup_flags: %s, given %o", (code, flags, found) => {
    const invalid = check(flags)
    expect(invalid).toMatchObject({ code, child: undefined })
    expect(invalid?.message).toContain('Supervisor "top" has ')
    expect(invalid?.message).toContain(found)
  })

  it("sup_flags: what it does not know it ignores", () => {
    expect(check({ silly_flag: true })).toBeUndefined()
  })

  it.each([
    ["missing_id", { id: undefined }, "child number 1 has id undefined"],
    ["missing_id", { id: "" }, 'child number 1 has id ""'],
    ["invalid_restart_type", { restart: "prmanent" }, 'expected "permanent", "transient", "temporary"'],
    [
      "invalid_shutdown",
      { shutdown: -10 },
      'shutdown -10; expected milliseconds from 0, "brutal" or "infinity"',
    ],
    ["invalid_shutdown", { shutdown: Number.POSITIVE_INFINITY }, "shutdown Infinity"],
    ["invalid_start", { start: "later" }, 'start "later"'],
    ["invalid_significant", { significant: "yes" }, 'significant "yes"'],
    ["bad_combination", { significant: true, restart: "transient" }, 'autoShutdown "never"'],
    ["invalid_past_intensity", { pastIntensity: "perish" }, 'pastIntensity "perish"'],
    ["invalid_breaker", { policy: undefined }, "policy undefined"],
    ["invalid_breaker", { policy: { ...DEFAULT_RESTART_POLICY, breakerMs: 0 } }, "breakerMs 0"],
    ["invalid_intensity", { policy: { ...DEFAULT_RESTART_POLICY, intensity: -1 } }, "intensity -1"],
  ])("child_specs, child_specs_map, sup_start_map_faulty_specs: %s, given %o", (code, spec, found) => {
    const invalid = check({}, spec)
    expect(invalid?.code).toBe(code)
    expect(invalid?.message).toContain('Supervisor "top": ')
    expect(invalid?.message).toContain(found)
  })

  it("child_specs: a significant child must be able to end for good", () => {
    const flags = { ...groups, autoShutdown: "any_significant" }
    expect(check(flags, { significant: true })).toMatchObject({ code: "bad_combination", child: "child" })
    expect(check(flags, { significant: true, restart: "temporary" })).toBeUndefined()
  })

  it("child_specs: two children of one name, and a breaker within a group", () => {
    expect(check({}, { id: "a" }, { id: "b" }, { id: "a" })).toEqual({
      code: "duplicate_child_name",
      child: "a",
      message: 'Supervisor "top": child "a" has the id of an earlier child; rename one of them.',
    })
    expect(check(groups, { pastIntensity: "break" })?.code).toBe("bad_combination")
  })

  it("child_specs, sup_start_map: every other combination is right, the defaults among them", () => {
    for (const restart of ["permanent", "transient", "temporary"]) {
      for (const shutdown of [0, 1000, "infinity", "brutal"]) {
        expect(check({}, { restart, shutdown })).toBeUndefined()
      }
    }
    expect(supervisorFlags({ strategy: "rest_for_one" }).pastIntensity).toBe("escalate")
    expect(check({ ...supervisorFlags({ strategy: "rest_for_one" }) }, {})).toBeUndefined()
  })
})
