import { expect, it } from "vitest"
import { watchProcess } from "../../benchmarks/chaos/bystanders.ts"
import { chaosRun } from "../../benchmarks/chaos/run.ts"
import { requireBuiltHost } from "../support/nasty-host.ts"
import { describeWith } from "../support/require-component.ts"
import { seededRandom } from "../support/seeded-random.ts"
import { testConfig } from "../support/voice-rig.ts"

/** The full size is `npm run chaos`. */
const FAULTS = 10
/** A load that was refused for want of memory rests for 30 s. */
const TIMEOUT_MS = 300_000

describeWith("models", "hosts that are struck at random moments of spoken turns", () => {
  const seed = Number(process.env["JETT_SEED"] ?? Date.now() % 2 ** 31)

  const title = `crash nothing, leave nothing stuck or behind, and no turn ends wrongly (JETT_SEED=${seed})`
  it(title, { timeout: TIMEOUT_MS }, async () => {
    requireBuiltHost()
    const { found, crashes, orphans } = await watchProcess(
      () =>
        chaosRun({
          config: testConfig(),
          pace: "clock",
          faults: FAULTS,
          random: seededRandom(seed),
          signal: new AbortController().signal,
          onProgress: () => undefined,
        }),
      ({ pids }) => pids,
    )
    const { turns, stuck, overdue, gaveUp, notRecovered } = found
    expect(turns.flatMap(({ struck }) => struck).length).toBeGreaterThanOrEqual(FAULTS)
    expect(turns.filter(({ verdict }) => verdict === "wrong")).toEqual([])
    expect({ crashes, orphans, stuck, overdue, gaveUp, notRecovered }).toEqual({
      crashes: [],
      orphans: [],
      stuck: [],
      overdue: [],
      gaveUp: [],
      notRecovered: [],
    })
  })
})
