import { describe, expect, it } from "vitest"
import type { CallOrigin } from "../../src/ports/guard.ts"
import { decide } from "../../src/security/decide.ts"
import { buildPolicy, type Policy } from "../../src/security/policy.ts"
import {
  ACTIONS,
  costOf,
  DECIDED_ENTRIES,
  expectedVerdict,
  NAMES,
  ORIGINS,
  SITUATIONS,
  type Situation,
  VERDICTS,
} from "./decision-table.ts"

const tableOf = (): Policy => {
  const built = buildPolicy(DECIDED_ENTRIES)
  if (!built.ok) throw new Error(`the table was refused: ${JSON.stringify(built.problems)}`)
  return built.policy
}

const decided = (
  policy: Policy,
  name: string,
  action: string,
  origin: CallOrigin,
  situation: Situation,
): string => {
  const tier = policy.tierOf(name, action)
  if (tier === undefined) return "not permitted"
  const { locked, ...facts } = situation
  const decision = decide({ tier, origin, lockedMs: locked ? 30_000 : 0, ...facts })
  if (decision.type === "deny") return `deny ${decision.code}`
  return decision.type === "confirm" ? `confirm ${decision.by}` : "allow"
}

const PAIRS = NAMES.flatMap((name) => ACTIONS.map((action) => ({ name, action })))
const CASES = PAIRS.length * ORIGINS.length * SITUATIONS.length

describe("the table and the rules together", () => {
  it(`decide as it is written for each of all ${CASES} cases`, () => {
    const policy = tableOf()
    const wrong: string[] = []
    let seen = 0
    for (const { name, action } of PAIRS)
      for (const origin of ORIGINS)
        for (const situation of SITUATIONS) {
          seen += 1
          const verdict = decided(policy, name, action, origin, situation)
          if (verdict !== expectedVerdict(costOf(name, action), situation))
            wrong.push(`${JSON.stringify([name, action, origin, situation])}: ${verdict}`)
        }
    expect(seen).toBe(CASES)
    expect(wrong).toEqual([])
  })

  it.each(VERDICTS.map((row, at) => ({ row: row.join(" "), at })))("needs the row: $row", ({ at }) => {
    const used = PAIRS.some(({ name, action }) =>
      SITUATIONS.some((situation) => {
        const cost = costOf(name, action)
        return (
          VERDICTS.findIndex((row) => row[0] === cost && row[5] === expectedVerdict(cost, situation)) === at
        )
      }),
    )
    expect(used).toBe(true)
  })

  it("permits the fourteen pairs of the table, and no other", () => {
    const policy = tableOf()
    const permitted = PAIRS.filter(({ name, action }) => policy.tierOf(name, action) !== undefined)
    expect(permitted).toHaveLength(14)
    expect(permitted.every(({ name, action }) => costOf(name, action) !== "-")).toBe(true)
  })

  it("decide the same after everything that a caller could do to the prototypes of objects and to the table", () => {
    const policy = tableOf()
    expect(() => Reflect.apply(Array.prototype.push, policy.containers, [policy.containers[0]])).toThrow()
    expect(() => Reflect.apply(Array.prototype.push, policy.containers[0]?.actions, ["kill"])).toThrow()
    expect(Reflect.set(policy, "tierOf", () => "read")).toBe(false)
    expect(Reflect.set(policy.containers[0] ?? {}, "name", "portainer")).toBe(false)
    expect(policy.tierOf("n8n", "kill")).toBeUndefined()
    expect(policy.tierOf("portainer", "status")).toBeUndefined()
  })
})
