import { seededRandom } from "../../tests/support/seeded-random.ts"
import { watchProcess } from "../chaos/bystanders.ts"
import { VERDICTS } from "../chaos/judge.ts"
import { FAULTS } from "../chaos/mischief.ts"
import { type ChaosTurn, chaosRun } from "../chaos/run.ts"
import { type Bar, measured } from "../result.ts"
import { amount, type Target, tooFew } from "../target.ts"

/** Of the faults, those in turns at real speed, where deadlines run on while a host is away. */
const REAL_TIME_SHARE = 0.2

/** Real hosts struck at random moments of real spoken turns: nothing of it may crash, get stuck, stay behind or lie. */
export const chaos: Target = async (options) => {
  const { config, progress, signal } = options
  const faults = amount(options, 20, 500)
  const seed = Number(process.env["JETT_SEED"] ?? Date.now() % 2 ** 31)
  progress.note(`chaos: seed ${seed}`)
  const random = seededRandom(seed)
  const { found, crashes, orphans } = await watchProcess(
    async () => {
      const atOnce = Math.ceil(faults * (1 - REAL_TIME_SHARE))
      const run = (pace: "clock" | "realtime", from: number, count: number) =>
        chaosRun({
          ...{ config, pace, random, signal },
          faults: count,
          onProgress: (done) => progress.step("faults", Math.min(faults, from + done), faults),
        })
      return [await run("clock", 0, atOnce), await run("realtime", atOnce, faults - atOnce)] as const
    },
    (runs) => runs.flatMap(({ pids }) => [...pids]),
  )
  const all = <A>(of: (run: (typeof found)[number]) => readonly A[]): readonly A[] => found.flatMap(of)
  const turns = all((run) => run.turns)
  const struck = turns.flatMap((turn) => turn.struck)
  const wrong = turns.filter(({ verdict }) => verdict === "wrong")
  const bar = (what: string, count: number, limit = 0): Bar => ({
    ...{ what, found: count, limit, sense: limit === 0 ? "at most" : "at least", unit: "" },
    indicative: limit > 0 && tooFew(faults, 500),
  })
  const stuck = all((run) => run.stuck)
  const overdue = all((run) => run.overdue)
  const gaveUp = all((run) => run.gaveUp)
  const notRecovered = all((run) => run.notRecovered)
  return {
    measurements: found.map((run, i) =>
      measured(
        `a turn that was struck, ${i === 0 ? "simulated pace" : "real speed"}`,
        "ms",
        run.turns.flatMap((turn) => (turn.struck.length > 0 ? [turn.tookMs] : [])),
      ),
    ),
    bars: [
      bar("faults", struck.length, 500),
      bar("crashes of the main process", crashes.length),
      bar("turns that got stuck", stuck.length),
      bar("states that went on past their deadline", overdue.length),
      bar("processes left over", orphans.length),
      bar("turns that ended neither right nor saying that they failed", wrong.length),
      bar("supervisors that gave up", gaveUp.length),
      bar("lines not answered once nobody strikes", notRecovered.length),
    ],
    notes: [
      `seed ${seed} (JETT_SEED repeats the choices, not the moments)`,
      `${turns.length} turns: ${countVerdicts(turns)}; misheard and unheard only where the ear was away while the user spoke`,
      ...FAULTS.map((fault) => {
        const with_ = turns.filter((turn) => turn.struck.some((one) => one.fault === fault))
        return `${fault}: ${struck.filter((one) => one.fault === fault).length} times in ${with_.length} turns: ${countVerdicts(with_)}`
      }),
      `struck while: ${counts(struck.map(({ state }) => state))}; hosts: ${counts(struck.map(({ host }) => host))}`,
      ...[...crashes, ...stuck, ...overdue, ...gaveUp, ...notRecovered].slice(0, 10),
      ...wrong.slice(0, 30).map((turn) => `wrong: ${describe(turn)}`),
    ],
  }
}

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
