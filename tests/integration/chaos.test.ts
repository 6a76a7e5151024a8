import { expect, it } from "vitest"
import { watchProcess } from "../../benchmarks/chaos/bystanders.ts"
import { OLLAMA_LINES } from "../../benchmarks/chaos/lines.ts"
import { OllamaStriker } from "../../benchmarks/chaos/ollama-striker.ts"
import { type ChaosFindings, type ChaosOptions, chaosRun } from "../../benchmarks/chaos/run.ts"
import { requireBuiltHost } from "../support/nasty-host.ts"
import { describeWith } from "../support/require-component.ts"
import { seededRandom } from "../support/seeded-random.ts"
import { testConfig } from "../support/voice-rig.ts"

/** The full size is `npm run chaos`. */
const FAULTS = 10
const OLLAMA_FAULTS = 3
/** A load that was refused for want of memory rests for 30 s. */
const TIMEOUT_MS = 300_000

const seed = Number(process.env["JETT_SEED"] ?? Date.now() % 2 ** 31)

type Own = Pick<ChaosOptions, "faults" | "random" | "ollama" | "lines">

const expectNoHarm = async (work: (run: (own: Own) => Promise<ChaosFindings>) => Promise<ChaosFindings>) => {
  requireBuiltHost()
  const { found, crashes, orphans } = await watchProcess(
    () =>
      work((own) =>
        chaosRun({
          ...own,
          config: testConfig(),
          pace: "clock",
          signal: new AbortController().signal,
          onProgress: () => undefined,
        }),
      ),
    ({ pids }) => pids,
  )
  const { turns, stuck, overdue, gaveUp, notRecovered } = found
  expect(turns.filter(({ verdict }) => verdict === "wrong")).toEqual([])
  expect({ crashes, orphans, stuck, overdue, gaveUp, notRecovered }).toEqual({
    crashes: [],
    orphans: [],
    stuck: [],
    overdue: [],
    gaveUp: [],
    notRecovered: [],
  })
  return turns.flatMap(({ struck }) => struck)
}

const title = `crash nothing, leave nothing stuck or behind, and no turn ends wrongly (JETT_SEED=${seed})`

describeWith("models", "hosts that are struck at random moments of spoken turns", () => {
  it(title, { timeout: TIMEOUT_MS }, async () => {
    const struck = await expectNoHarm((run) => run({ faults: FAULTS, random: seededRandom(seed) }))
    expect(struck.length).toBeGreaterThanOrEqual(FAULTS)
  })
})

describeWith(["models", "ollama"], "an Ollama that is struck at random moments of spoken turns", () => {
  it(title, { timeout: TIMEOUT_MS }, async () => {
    const struck = await expectNoHarm(async (run) => {
      const random = seededRandom(seed)
      const ollama = await OllamaStriker.start(random)
      try {
        // A story takes this model a while.
        return await run({
          ollama,
          faults: OLLAMA_FAULTS,
          random,
          lines: { question: OLLAMA_LINES.question },
        })
      } finally {
        await ollama.close()
      }
    })
    expect(struck.length).toBeGreaterThanOrEqual(OLLAMA_FAULTS)
    expect(struck.filter(({ host }) => host !== "ollama")).toEqual([])
  })
})
