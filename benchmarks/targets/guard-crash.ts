import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { seededRandom } from "../corpus/random.ts"
import { guardCrashRounds } from "../guard-crash/rounds.ts"
import type { Bar } from "../result.ts"
import { amount, type Target, tooFew } from "../target.ts"

/** All that acts on the world, killed at random moments while it does: what is on the wire, on record, and was said. */
export const guardCrash: Target = async (options) => {
  const { progress, signal } = options
  const rounds = amount(options, 10, 200)
  const seed = Number(process.env["JETT_SEED"] ?? Date.now() % 2 ** 31)
  const folder = mkdtempSync(join(tmpdir(), "jett-guard-"))
  try {
    const report = await guardCrashRounds({
      folder: join(folder, "home"),
      rounds,
      random: seededRandom(seed),
      onRound: (round) => progress.step("kill -9", round, rounds),
      signal,
    })
    const none = (what: string, faults: readonly string[]): Bar => ({
      ...{ what, found: faults.length, limit: 0, sense: "at most", unit: "" },
      indicative: tooFew(rounds, 200),
    })
    const faults = [
      ...[report.lost, report.withoutIntent, report.twice],
      ...[report.broken, report.unsettled, report.untrue],
    ].flat()
    return {
      measurements: [],
      bars: [
        none(`what callers were told and is not on record, in ${rounds} × kill -9`, report.lost),
        none("changes on the wire without an intent on the disk", report.withoutIntent),
        none("calls that acted twice", report.twice),
        none("logs that were not whole afterwards", report.broken),
        none("intents that the next life left without an outcome", report.unsettled),
        none("outcomes, or limits, that are not as it was", report.untrue),
        {
          ...{ what: "changes that reached the wire", found: report.changes, limit: Math.floor(rounds / 4) },
          ...{ sense: "at least", unit: "" },
          indicative: tooFew(rounds, 200),
        },
      ],
      notes: [
        `${report.acknowledged} questions, receipts and refusals were told, ${report.changes} changes reached the wire`,
        `intents left open, as the next life settled them: ${settledWords(report.settled)}`,
        `seed ${seed} (JETT_SEED repeats the choices, not the moments)`,
        ...faults.slice(0, 20),
      ],
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const settledWords = (settled: Readonly<Record<string, number>>): string =>
  Object.entries(settled)
    .map(([outcome, count]) => `${count} ${outcome}`)
    .join(", ") || "none"
