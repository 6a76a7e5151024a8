import fc from "fast-check"
import { expect, it } from "vitest"
import { attackRig } from "../../support/attack-rig.ts"
import { attackWith, generatedCall, TAINTED } from "./generated-attacks.ts"

const SEED = Number(process.env["JETT_SEED"] ?? Date.now() % 1_000_000)
/** A share; `npm run bench -- attacks` makes 100,000. */
const RUNS = Number(process.env["JETT_ATTACKS"] ?? 500)

it(`${RUNS} generated calls end as the table says, and nothing else is on the wire (seed ${SEED})`, async () => {
  const rig = await attackRig()
  await rig.taint(TAINTED)
  const property = fc.asyncProperty(generatedCall, async (generated) => {
    expect(await attackWith(rig, generated)).toBeUndefined()
  })
  await fc.assert(property, { seed: SEED, numRuns: RUNS, endOnFailure: true })
  await rig.close()
}, 3_600_000)
