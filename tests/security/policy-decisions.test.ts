import { describe, expect, it } from "vitest"
import type { CallOrigin } from "../../src/ports/guard.ts"
import { decide } from "../../src/security/decide.ts"
import { buildPolicy, type Policy } from "../../src/security/policy.ts"

const tableOf = (): Policy => {
  const built = buildPolicy([
    { name: "n8n", allow: ["status", "logs", "restart", "stop"], database: false },
    { name: "qdrant", allow: ["status", "logs", "stats", "start", "restart", "stop"], database: false },
    { name: "postgres", allow: ["status", "start", "restart", "stop"], database: true },
    { name: "portainer", allow: [], database: false },
  ])
  if (!built.ok) throw new Error(`the table was refused: ${JSON.stringify(built.problems)}`)
  return built.policy
}

const NAMES = [
  ...["n8n", "qdrant", "postgres", "portainer"],
  ...[
    "",
    "N8N",
    "n8n ",
    " n8n",
    "n8n\n",
    "n8n2",
    "n8",
    "/n8n",
    "n8n/../portainer",
    "n8n/exec#",
    "n8n?t=-1",
    "*",
    "..",
  ],
  ...["ｎ8n", "n8n\u200b", "n8n\0", "Qdrant", "qdrant\u202e", "postgre", "postgresql", "portainer2"],
  ...["constructor", "__proto__", "toString", "hasOwnProperty", "length", "0", "undefined", "null"],
]
const ACTIONS = [
  ...["status", "logs", "stats", "start", "restart", "stop"],
  ...[
    "",
    "RESTART",
    "restart ",
    "restart;rm",
    "kill",
    "exec",
    "rm",
    "remove",
    "update",
    "pause",
    "attach",
    "export",
    "*",
  ],
  ...["constructor", "__proto__", "toString", "includes", "length", "0", "undefined"],
]
const BOTH = [false, true] as const
const ORIGINS: readonly CallOrigin[] = ["phrase", "model", "command-line"]

interface Situation {
  readonly tainted: boolean
  readonly confident: boolean
  readonly consentPending: boolean
  readonly locked: boolean
  readonly pinSet: boolean
}
const SITUATIONS: readonly Situation[] = BOTH.flatMap((tainted) =>
  BOTH.flatMap((confident) =>
    BOTH.flatMap((consentPending) =>
      BOTH.flatMap((locked) =>
        BOTH.map((pinSet) => ({ tainted, confident, consentPending, locked, pinSet })),
      ),
    ),
  ),
)

/** What each pair costs, written out: `r` is free to read, `w` wants a word, `P` the PIN, `-` is not in its row. */
const COSTS: readonly (readonly [name: string, costs: string])[] = [
  //             status logs stats start restart stop
  ["n8n", "r      r    -     -     w       P"],
  ["qdrant", "r      r    r     w     w       P"],
  ["postgres", "r      -    -     P     P       P"],
  ["portainer", "-      -    -     -     -       -"],
]

const costOf = (name: string, action: string): string => {
  const row = COSTS.find(([known]) => known === name)?.[1].split(/ +/) ?? []
  return row[["status", "logs", "stats", "start", "restart", "stop"].indexOf(action)] ?? "-"
}

type Cell = "yes" | "no" | "*"

/** Taint changes nothing here: reading is never asked about, and every change always is. First fit counts. */
const VERDICTS: readonly (readonly [
  cost: string,
  sure: Cell,
  asking: Cell,
  locked: Cell,
  pin: Cell,
  verdict: string,
])[] = [
  // cost  sure  asking locked pin    verdict
  ["-", "*", "*", "*", "*", "not permitted"],
  ["r", "*", "*", "*", "*", "allow"],
  ["w", "no", "*", "*", "*", "deny not-confident"],
  ["w", "*", "yes", "*", "*", "deny consent-pending"],
  ["w", "*", "*", "yes", "*", "deny locked"],
  ["w", "*", "*", "*", "*", "confirm word"],
  ["P", "no", "*", "*", "*", "deny not-confident"],
  ["P", "*", "yes", "*", "*", "deny consent-pending"],
  ["P", "*", "*", "yes", "*", "deny locked"],
  ["P", "*", "*", "*", "no", "deny pin-not-set"],
  ["P", "*", "*", "*", "*", "confirm pin"],
]

const fits = (cell: Cell, fact: boolean): boolean => cell === "*" || (cell === "yes") === fact

const expected = (cost: string, situation: Situation): string | undefined =>
  VERDICTS.find(
    ([of, sure, asking, locked, pin]) =>
      of === cost &&
      fits(sure, situation.confident) &&
      fits(asking, situation.consentPending) &&
      fits(locked, situation.locked) &&
      fits(pin, situation.pinSet),
  )?.[5]

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
          if (verdict !== expected(costOf(name, action), situation))
            wrong.push(`${JSON.stringify([name, action, origin, situation])}: ${verdict}`)
        }
    expect(seen).toBe(CASES)
    expect(wrong).toEqual([])
  })

  it.each(VERDICTS.map((row, at) => ({ row: row.join(" "), at })))("needs the row: $row", ({ at }) => {
    const used = PAIRS.some(({ name, action }) =>
      SITUATIONS.some((situation) => {
        const cost = costOf(name, action)
        return VERDICTS.findIndex((row) => row[0] === cost && row[5] === expected(cost, situation)) === at
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
