import { describe, expect, it } from "vitest"
import type { CallOrigin, Tier } from "../../src/ports/guard.ts"
import { type CallFacts, decide } from "../../src/security/decide.ts"

const TIERS: readonly Tier[] = ["read", "own", "change", "danger"]
const ORIGINS: readonly CallOrigin[] = ["phrase", "model", "command-line"]
const BOTH = [false, true] as const
/** A span that is not a number locks: nobody knows how long. */
const LOCKS = [0, -1, 1, 0.001, 60_000, Number.POSITIVE_INFINITY, Number.NaN] as const

const FACTS: readonly CallFacts[] = TIERS.flatMap((tier) =>
  ORIGINS.flatMap((origin) =>
    BOTH.flatMap((tainted) =>
      BOTH.flatMap((confident) =>
        BOTH.flatMap((consentPending) =>
          BOTH.flatMap((pinSet) =>
            LOCKS.map((lockedMs) => ({ tier, origin, tainted, confident, consentPending, pinSet, lockedMs })),
          ),
        ),
      ),
    ),
  ),
)

type Cell = "yes" | "no" | "*"
type Row = readonly [
  tier: Tier,
  tainted: Cell,
  confident: Cell,
  pending: Cell,
  locked: Cell,
  pin: Cell,
  verdict: string,
]

/** The rules as a table: the first row that fits counts. */
const RULES: readonly Row[] = [
  // tier     tainted confident pending locked pin   verdict
  ["read", "*", "*", "*", "*", "*", "allow"],
  ["own", "*", "no", "*", "*", "*", "deny not-confident"],
  ["own", "*", "*", "yes", "*", "*", "deny consent-pending"],
  ["own", "no", "*", "*", "*", "*", "allow"],
  ["own", "*", "*", "*", "yes", "*", "deny locked"],
  ["own", "*", "*", "*", "*", "*", "confirm word"],
  ["change", "*", "no", "*", "*", "*", "deny not-confident"],
  ["change", "*", "*", "yes", "*", "*", "deny consent-pending"],
  ["change", "*", "*", "*", "yes", "*", "deny locked"],
  ["change", "*", "*", "*", "*", "*", "confirm word"],
  ["danger", "*", "no", "*", "*", "*", "deny not-confident"],
  ["danger", "*", "*", "yes", "*", "*", "deny consent-pending"],
  ["danger", "*", "*", "*", "yes", "*", "deny locked"],
  ["danger", "*", "*", "*", "*", "no", "deny pin-not-set"],
  ["danger", "*", "*", "*", "*", "*", "confirm pin"],
]

const fits = (cell: Cell, fact: boolean): boolean => cell === "*" || (cell === "yes") === fact

const expected = (facts: CallFacts, rules: readonly Row[]): string | undefined =>
  rules.find(
    ([tier, tainted, confident, pending, locked, pin]) =>
      tier === facts.tier &&
      fits(tainted, facts.tainted) &&
      fits(confident, facts.confident) &&
      fits(pending, facts.consentPending) &&
      fits(locked, facts.lockedMs !== 0 && facts.lockedMs !== -1) &&
      fits(pin, facts.pinSet),
  )?.[6]

const decided = (facts: CallFacts): string => {
  const decision = decide(facts)
  if (decision.type === "deny") return `deny ${decision.code}`
  return decision.type === "confirm" ? `confirm ${decision.by}` : "allow"
}

describe("decide", () => {
  it(`equals the table for each of all ${FACTS.length} combinations of facts`, () => {
    expect(FACTS).toHaveLength(4 * 3 * 2 ** 4 * LOCKS.length)
    const wrong = FACTS.filter((facts) => decided(facts) !== expected(facts, RULES))
    expect(
      wrong.map((facts) => ({ facts, decided: decided(facts), expected: expected(facts, RULES) })),
    ).toEqual([])
  })

  it.each(RULES.map((row, at) => ({ row: row.join(" "), at })))("needs the row: $row", ({ at }) => {
    const without = RULES.filter((_, other) => other !== at)
    expect(FACTS.some((facts) => expected(facts, without) !== expected(facts, RULES))).toBe(true)
  })

  it("lets nothing that changes something pass in a tainted conversation, whoever asks", () => {
    const changing = FACTS.filter(({ tier, tainted }) => tier !== "read" && tainted)
    expect(changing.filter((facts) => decide(facts).type === "allow")).toEqual([])
  })

  it("refuses a tier that it does not know", () => {
    const unknown: Tier = JSON.parse('"root"')
    const facts = { ...calm, tier: unknown }
    expect(decide(facts)).toEqual({ type: "deny", code: "internal" })
    expect(decide({ ...facts, tainted: true })).toEqual({ type: "deny", code: "internal" })
  })
})

const calm: CallFacts = {
  tier: "change",
  origin: "phrase",
  tainted: false,
  confident: true,
  consentPending: false,
  lockedMs: 0,
  pinSet: true,
}
