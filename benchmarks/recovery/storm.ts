import type { Config } from "../../src/config/definition.ts"
import { demoLine } from "../demo-lines.ts"
import type { Bar, Findings } from "../result.ts"
import { withRig } from "../rig.ts"
import type { TargetOptions } from "../target.ts"

const OPEN_WITHIN_MS = 60_000
const LOOK_MS = 5
/** On a machine that is busy for a moment a word may go unheard, storm or not. */
const MOST_TRIES = 3
const ANSWERED = "answered, phrase"

/** A voice whose process always dies, with the restart policy as it is delivered. */
export const storm = async (options: TargetOptions, config: Config): Promise<Findings> => {
  const seconds = options.quick ? 4 : 10
  options.progress.note("storm: the voice's process is killed whenever it is there")
  let openMs: number | undefined
  const found = await withRig(
    {
      ...{ config, pace: "realtime" },
      onReport: ({ child, context }) => {
        if (child === "tts" && context === "breaker-open") openMs ??= performance.now()
      },
    },
    options.signal,
    async ({ system, speak }) => {
      const line = await demoLine("time")
      const quietPercent = await mainProcessorPercent(seconds)
      const fromMs = performance.now()
      let deaths = 0
      let last: number | undefined
      const killer = setInterval(() => {
        const pid = system.models.pid("tts")
        if (pid === undefined || pid === last) return
        last = pid
        deaths++
        process.kill(pid, "SIGKILL")
      }, LOOK_MS)
      try {
        while (openMs === undefined && performance.now() - fromMs < OPEN_WITHIN_MS)
          await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
        const stormPercent = await mainProcessorPercent(seconds)
        const outcomes: string[] = []
        for (let i = 0; i < MOST_TRIES && !outcomes.includes(ANSWERED); i++) {
          const turn = (await speak(line)).turns.at(-1)
          outcomes.push(turn === undefined ? "nothing" : `${turn.outcome}, ${turn.route}`)
        }
        return {
          deaths,
          outcomes,
          openAfterMs: (openMs ?? Number.NaN) - fromMs,
          quietPercent,
          stormPercent,
          answered: outcomes.includes(ANSWERED) ? 1 : 0,
          restOk: system.models.hosts().filter(({ id, phase }) => id !== "tts" && phase === "running").length,
        }
      } finally {
        clearInterval(killer)
      }
    },
  )
  const bar = (what: string, value: number, limit: number, more: Partial<Bar> = {}): Bar => ({
    ...{ what, found: value, limit, sense: "at most", unit: "", indicative: false },
    ...more,
  })
  return {
    measurements: [],
    bars: [
      bar("a voice that always dies: its breaker is open after", found.openAfterMs, OPEN_WITHIN_MS, {
        unit: "ms",
      }),
      bar(
        `a phrase is understood and answered meanwhile, in at most ${MOST_TRIES} tries`,
        found.answered,
        1,
        { sense: "at least" },
      ),
      bar(
        `processor time of the main process in ${seconds} s of it, beyond listening, of one core`,
        found.stormPercent - found.quietPercent,
        5,
        { unit: "%", indicative: options.quick },
      ),
    ],
    notes: [
      `storm: ${found.deaths} deaths until the breaker was open and after, ${found.restOk} other hosts ran on; main process ${found.quietPercent.toFixed(1)} % of a core while listening, ${found.stormPercent.toFixed(1)} % with the breaker open. The phrase came to: ${found.outcomes.join("; ")}. The answer is shown and a tone played in place of the voice`,
    ],
  }
}

/** Of one core, with the benchmark that is in the same process. */
const mainProcessorPercent = async (seconds: number): Promise<number> => {
  const before = process.cpuUsage()
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
  const { user, system } = process.cpuUsage(before)
  return (user + system) / (seconds * 10_000)
}
