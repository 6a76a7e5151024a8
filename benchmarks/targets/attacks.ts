import fc from "fast-check"
import { monotonicClock } from "../../src/audio/monotonic-clock.ts"
import { attackWith, generatedCall, TAINTED } from "../../tests/security/attacks/generated-attacks.ts"
import { attackRig } from "../../tests/support/attack-rig.ts"
import { fakeDocker } from "../../tests/support/fake-docker.ts"
import { type Findings, measured } from "../result.ts"
import { amount, type Target, type TargetOptions, tooFew } from "../target.ts"

const NEEDED = 100_000
/** One value of the table is the mean of so many calls. */
const BATCH = 1000

/**
 * Calls that fast-check thinks of, at the whole guard with the real table, tools, adapter and rules, in front of an engine
 * that records every byte. What each has to come to is told by a table of its own. `JETT_SEED=N` repeats the calls.
 */
export const attacks: Target = async (options) => {
  const docker = await fakeDocker()
  try {
    return await measureAttacks(options, docker)
  } finally {
    await docker.close()
  }
}

const measureAttacks = async (
  options: TargetOptions,
  docker: Awaited<ReturnType<typeof fakeDocker>>,
): Promise<Findings> => {
  const count = amount(options, 2000, NEEDED)
  const seed = Number(process.env["JETT_SEED"] ?? Date.now() % 1_000_000)
  const wrong: string[] = []
  const took: number[] = []
  let made = 0
  let fromMs = monotonicClock.now()
  let rig = await attackRig({ docker })
  const property = fc.asyncProperty(generatedCall, async (generated) => {
    options.signal.throwIfAborted()
    if (made % BATCH === 0) {
      if (made > 0) took.push((monotonicClock.now() - fromMs) / BATCH)
      // A log of a thousand calls, as after a long day; a hundred thousand rows are another benchmark's.
      await rig.close()
      rig = await attackRig({ docker })
      await rig.taint(TAINTED)
      options.progress.step("attacks", made, count)
      fromMs = monotonicClock.now()
    }
    made += 1
    const problem = await attackWith(rig, generated)
    if (problem !== undefined) wrong.push(problem)
  })
  await fc.assert(property, { seed, numRuns: count })
  await rig.close()
  options.progress.step("attacks", made, count)
  const indicative = tooFew(made, NEEDED)
  return {
    measurements: [measured(`a generated call, mean of ${BATCH}`, "ms", took)],
    bars: [
      { what: "generated calls", found: made, limit: NEEDED, sense: "at least", unit: "", indicative },
      {
        what: "calls that ended otherwise than the table says, or with another byte on the wire",
        found: wrong.length,
        limit: 0,
        sense: "at most",
        unit: "",
        indicative,
      },
    ],
    notes: [
      `seed ${seed}; the limiter is opened wide, so that no call is refused for another reason than its own`,
      ...wrong.slice(0, 3),
    ],
  }
}
