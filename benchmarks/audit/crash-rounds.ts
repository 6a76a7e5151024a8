import { spawn } from "node:child_process"
import { existsSync, rmSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { readLog } from "../../src/security/audit/read-log.ts"
import { verifyLog } from "../../src/security/audit/verify-log.ts"

export interface CrashReport {
  readonly rounds: number
  readonly acknowledged: number
  /** Acknowledged, and not there afterwards as it was. */
  readonly lost: number
  /** Rounds after which the log was not valid. */
  readonly broken: number
}

const APPENDER = fileURLToPath(new URL("./appender.js", import.meta.url))
/** A fresh log now and then: to begin one is a moment to be killed in, too. */
const ROUNDS_A_LOG = 20
const LONGEST_MS = 250

/** Kills a process that appends, again and again, at random moments from its start on, and looks what is there. */
export const crashRounds = async (
  folder: string,
  rounds: number,
  random: () => number,
  onRound: (round: number) => void,
  signal: AbortSignal,
): Promise<CrashReport> => {
  let report: CrashReport = { rounds: 0, acknowledged: 0, lost: 0, broken: 0 }
  for (let round = 0; round < rounds; round++) {
    signal.throwIfAborted()
    if (round % ROUNDS_A_LOG === 0) rmSync(folder, { recursive: true, force: true })
    const lines = await killed(folder, random)
    const { lost, isWhole } = inspect(join(folder, "audit.db"), lines)
    report = {
      rounds: report.rounds + 1,
      acknowledged: report.acknowledged + lines.length,
      lost: report.lost + lost,
      broken: report.broken + (isWhole ? 0 : 1),
    }
    onRound(round + 1)
  }
  return report
}

/** What it acknowledged until it was killed: after its first row, or at any moment. */
const killed = async (folder: string, random: () => number): Promise<readonly string[]> => {
  const child = spawn(process.execPath, [APPENDER, folder], { stdio: ["ignore", "pipe", "ignore"] })
  let out = ""
  const firstRow = new Promise<void>((resolve) => {
    child.stdout.on("data", (chunk: Buffer) => {
      out += chunk.toString()
      resolve()
    })
  })
  const ended = new Promise((resolve) => child.once("close", resolve))
  if (random() < 0.8) await Promise.race([firstRow, ended])
  await delay(random() * LONGEST_MS)
  child.kill("SIGKILL")
  await ended
  return out.split("\n").slice(0, -1)
}

const inspect = (
  database: string,
  lines: readonly string[],
): { readonly lost: number; readonly isWhole: boolean } => {
  if (!existsSync(database)) return { lost: lines.length, isWhole: true }
  const { verdict, rows } = verifyLog(database)
  // It may have been killed before it wrote anything at all.
  if (verdict !== "valid") return { lost: lines.length, isWhole: rows === 0 && lines.length === 0 }
  const log = readLog(database)
  try {
    const lost = lines.filter((line) => {
      const [seq, hash] = line.split(" ")
      return log.row(Number(seq))?.hash !== hash
    })
    return { lost: lost.length, isWhole: true }
  } finally {
    log.close()
  }
}
