import { seededRandom } from "../../tests/support/seeded-random.ts"
import { watchProcess } from "../chaos/bystanders.ts"
import { VERDICTS } from "../chaos/judge.ts"
import { FAULTS } from "../chaos/mischief.ts"
import { OLLAMA_FAULTS, OllamaStriker } from "../chaos/ollama-striker.ts"
import { type ChaosFindings, type ChaosTurn, chaosRun } from "../chaos/run.ts"
import { type Bar, measured } from "../result.ts"
import { amount, type Target, tooFew } from "../target.ts"

const FULL = 500
/** Of the faults, those of hosts in turns at real speed, where deadlines run on while a host is away. */
const REAL_TIME_SHARE = 0.2
/** Of the faults, those of an Ollama server and its runner. */
const OLLAMA_SHARE = 0.2
/** Of these, those at real speed: such a turn takes four times as long. */
const OLLAMA_REAL_TIME_SHARE = 0.4
/**
 * In percent. To say that it failed is honest, and no help: a model that stays away after one fault would pass every
 * other bar.
 */
const LEAST_RIGHT = 75

/**
 * Real hosts, and a real Ollama, struck at random moments of real spoken turns: nothing of it may crash, get stuck, stay
 * behind or lie.
 */
export const chaos: Target = async (options) => {
  const { config, progress, signal } = options
  const faults = amount(options, 20, FULL)
  const seed = Number(process.env["JETT_SEED"] ?? Date.now() % 2 ** 31)
  progress.note(`chaos: seed ${seed}`)
  const random = seededRandom(seed)
  const withOllama = Math.ceil(faults * OLLAMA_SHARE)
  const ollamaAtRealSpeed = Math.floor(withOllama * OLLAMA_REAL_TIME_SHARE)
  const atRealSpeed = Math.floor(faults * REAL_TIME_SHARE)
  const phases = [
    { what: "simulated pace", pace: "clock", count: faults - atRealSpeed - withOllama },
    { what: "real speed", pace: "realtime", count: atRealSpeed },
    { what: "Ollama, simulated pace", pace: "clock", count: withOllama - ollamaAtRealSpeed, ollama: true },
    { what: "Ollama, real speed", pace: "realtime", count: ollamaAtRealSpeed, ollama: true },
  ] as const
  let noOllama: string | undefined
  const { found, crashes, orphans } = await watchProcess(
    async () => {
      // Before all else: whoever started this is told at once, and not at the end.
      const ollama = await OllamaStriker.start(random).catch((error: unknown) => {
        noOllama = `NO OLLAMA: ${error instanceof Error ? error.message : String(error)}; nothing was struck in turns that it answers`
        progress.note(`chaos: ${noOllama}`)
        return undefined
      })
      try {
        const runs: Phase[] = []
        for (const phase of phases) {
          const isOllama = "ollama" in phase
          if (phase.count === 0 || (isOllama && ollama === undefined)) continue
          const from = runs.reduce((sum, { turns }) => sum + struckIn(turns).length, 0)
          const run = await chaosRun({
            ...{ config, random, signal, pace: phase.pace, faults: phase.count },
            ...(isOllama && { ollama }),
            onProgress: (done) => progress.step("faults", Math.min(faults, from + done), faults),
          })
          runs.push({ ...run, what: phase.what, isOllama })
        }
        return runs
      } finally {
        await ollama?.close()
      }
    },
    (runs) => runs.flatMap(({ pids }) => [...pids]),
  )
  const all = <A>(of: (run: (typeof found)[number]) => readonly A[]): readonly A[] => found.flatMap(of)
  const turns = all((run) => run.turns)
  const struck = struckIn(turns)
  const ollamaTurns = found.flatMap((run) => (run.isOllama ? run.turns : []))
  const wrong = turns.filter(({ verdict }) => verdict === "wrong")
  const bar = (what: string, count: number, limit = 0, unit: Bar["unit"] = ""): Bar => ({
    ...{ what, found: count, limit, sense: limit === 0 ? "at most" : "at least", unit },
    indicative: limit > 0 && tooFew(faults, FULL),
  })
  const right = turns.filter(({ verdict }) => verdict === "right")
  const stuck = all((run) => run.stuck)
  const overdue = all((run) => run.overdue)
  const gaveUp = all((run) => run.gaveUp)
  const notRecovered = all((run) => run.notRecovered)
  return {
    measurements: found.map(({ what, turns }) =>
      measured(
        `a turn that was struck, ${what}`,
        "ms",
        turns.flatMap((turn) => (turn.struck.length > 0 ? [turn.tookMs] : [])),
      ),
    ),
    bars: [
      bar("faults", struck.length, FULL),
      bar("of these, of Ollama", struckIn(ollamaTurns).length, FULL * OLLAMA_SHARE),
      bar("crashes of the main process", crashes.length),
      bar("turns that got stuck", stuck.length),
      bar("states that went on past their deadline", overdue.length),
      bar("processes left over", orphans.length),
      bar("turns that ended neither right nor saying that they failed", wrong.length),
      bar("turns that ended right", (100 * right.length) / Math.max(1, turns.length), LEAST_RIGHT, "%"),
      bar("supervisors that gave up", gaveUp.length),
      bar("lines not answered once nobody strikes", notRecovered.length),
    ],
    notes: [
      ...(noOllama === undefined ? [] : [noOllama]),
      `seed ${seed} (JETT_SEED repeats the choices, not the moments)`,
      `${turns.length} turns: ${countVerdicts(turns)}; misheard and unheard only where the ear was away while the user spoke`,
      `with Ollama: ${struckIn(ollamaTurns).length} faults in ${ollamaTurns.length} turns: ${countVerdicts(ollamaTurns)}`,
      ...[...FAULTS, ...OLLAMA_FAULTS].map((fault) => {
        const with_ = turns.filter((turn) => turn.struck.some((one) => one.fault === fault))
        return `${fault}: ${struck.filter((one) => one.fault === fault).length} times in ${with_.length} turns: ${countVerdicts(with_)}`
      }),
      `struck while: ${counts(struck.map(({ state }) => state))}; hosts: ${counts(struck.map(({ host }) => host))}`,
      ...[...crashes, ...stuck, ...overdue, ...gaveUp, ...notRecovered].slice(0, 10),
      ...wrong.slice(0, 30).map((turn) => `wrong: ${describe(turn)}`),
    ],
  }
}

/** What came of one part of the run. */
interface Phase extends ChaosFindings {
  readonly what: string
  readonly isOllama: boolean
}

const struckIn = (turns: readonly ChaosTurn[]) => turns.flatMap(({ struck }) => struck)

const countVerdicts = (turns: readonly ChaosTurn[]): string =>
  VERDICTS.filter((verdict) => verdict !== "wrong" || turns.some((turn) => turn.verdict === verdict))
    .map((verdict) => `${turns.filter((turn) => turn.verdict === verdict).length} ${verdict}`)
    .join(", ")

const counts = (values: readonly string[]): string =>
  [...new Set(values)]
    .toSorted()
    .map((value) => `${values.filter((other) => other === value).length} ${value}`)
    .join(", ")

/** The lines are the demonstration's, so nothing private is in them. */
const describe = ({ line, struck, turns }: ChaosTurn): string =>
  `${line}, struck by ${struck.map(({ fault, host, state }) => `${fault} on ${host} while ${state}`).join(", ")}: ${turns.join("; ") || "no turn"}`
