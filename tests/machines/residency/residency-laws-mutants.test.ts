import { describe, expect, it } from "vitest"
import { RESIDENCY_MUTANTS } from "../../support/residency-mutants.ts"
import { type LedgerUnderTest, REAL_LEDGER } from "../../support/residency-under-test.ts"
import { SimulatedResidency } from "../../support/simulated-residency.ts"

/** The same in each run, so that a mutant is always caught in the same world. */
const SEED = 1
const WORLDS = 40
const OPERATIONS = 300

/** The law that the first world breaks, and how many worlds it took; undefined where all keep them. */
const caught = (ledger: LedgerUnderTest, worlds: number): string | undefined => {
  for (let world = 0; world < worlds; world++) {
    try {
      const simulated = new SimulatedResidency(SEED + world, ledger)
      for (let i = 0; i < OPERATIONS; i++) simulated.step()
      simulated.drain()
    } catch (error) {
      return String(error)
    }
  }
  return undefined
}

describe("the laws of residency", () => {
  it.each(RESIDENCY_MUTANTS)("catch a ledger that $what", ({ ledger, law }) => {
    expect(caught(ledger, WORLDS)).toMatch(law)
  })

  it("find nothing wrong with the real ledger in the same worlds", () => {
    expect(caught(REAL_LEDGER, 5)).toBeUndefined()
  })
})
