import { expect, it } from "vitest"
import { SimulatedResidency } from "../../support/simulated-residency.ts"

const seed = Number(process.env["JETT_SEED"] ?? Date.now() % 2 ** 31)
const worlds = Number(process.env["JETT_WORLDS"] ?? 20)
const OPERATIONS = 500

it(`keeps every law of residency in random worlds on a simulated GPU (seed ${seed})`, () => {
  let grants = 0
  for (let world = 0; world < worlds; world++) {
    const simulated = new SimulatedResidency(seed + world)
    for (let i = 0; i < OPERATIONS; i++) simulated.step()
    simulated.drain()
    grants += simulated.counts.grants
  }
  expect(grants).toBeGreaterThan(worlds)
})
