import { existsSync, mkdirSync, rmSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import * as Effect from "effect/Effect"
import type { LogRecord } from "../../src/security/audit/read-log.ts"
import { verifyLog } from "../../src/security/audit/verify-log.ts"
import { openPin } from "../../src/security/pin.ts"
import { type FakeDocker, fakeDocker } from "../../tests/support/fake-docker.ts"
import { type Acknowledgement, ActingProcess } from "./acting-process.ts"
import { callOf, isOnRecord, loggedRows, openIntent } from "./logged.ts"

export interface GuardCrashReport {
  rounds: number
  /** What callers were told before their process was killed. */
  acknowledged: number
  /** Requests on the wire that change something. */
  changes: number
  /** Intents whose process was killed before their outcome, and what was found out about them. */
  settled: Record<string, number>
  /** Each a fault, in words. */
  readonly lost: string[]
  readonly withoutIntent: string[]
  readonly twice: string[]
  readonly broken: string[]
  readonly unsettled: string[]
  readonly untrue: string[]
}

export interface GuardCrashOptions {
  /** Emptied now and then. */
  readonly folder: string
  readonly rounds: number
  readonly random: () => number
  readonly onRound?: (round: number) => void
  readonly signal?: AbortSignal
}

/** A fresh log now and then: to begin one is a moment to be killed in, too. */
const ROUNDS_A_LOG = 20
/** From the start of the process, or from the first that is told. */
const LONGEST_MS = 300
const SLOWEST_ANSWER_MS = 12
/** How many of the last calls are made again by the next process. */
const AGAIN = 6
/** More than the rows of the calls that are under way. */
const LAST_ROWS = 400
/** What `guard-actions.mjs` knows. */
const PIN = "2468"
const ALLOWED_IN_A_MINUTE = 3

/**
 * Kills Jett's actions again and again while they act on a fake engine, whose record of the wire is kept here, and
 * compares that with the log and with what callers were told.
 */
export const guardCrashRounds = async (options: GuardCrashOptions): Promise<GuardCrashReport> => {
  const { folder, rounds, signal } = options
  const report: GuardCrashReport = {
    ...{ rounds: 0, acknowledged: 0, changes: 0, settled: {} },
    ...{ lost: [], withoutIntent: [], twice: [], broken: [], unsettled: [], untrue: [] },
  }
  while (report.rounds < rounds) {
    signal?.throwIfAborted()
    rmSync(folder, { recursive: true, force: true })
    await oneLog(options, report)
  }
  return report
}

/** Rounds over one log, and what the last process finds. */
const oneLog = async (options: GuardCrashOptions, report: GuardCrashReport): Promise<void> => {
  const { folder, rounds, random, onRound, signal } = options
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const database = join(folder, "jett", "audit", "audit.db")
  mkdirSync(join(folder, "jett"), { mode: 0o700 })
  await Effect.runPromise(openPin(join(folder, "jett"), { costLog2: 4 }).set(PIN))
  const engine = await fakeDocker()
  const wired = watchWire(engine, database, random, report)
  try {
    let again: readonly string[] = []
    for (let round = 0; round < ROUNDS_A_LOG && report.rounds < rounds; round++) {
      signal?.throwIfAborted()
      const life = report.rounds
      const acting = new ActingProcess(folder, engine.host, "act", life, again)
      await stage(acting, round === 0 ? 0 : random())
      await delay(random() * LONGEST_MS)
      await acting.kill()
      const told = acting.acknowledged()
      again = lastCalls(database)
      compare(`round ${life}`, database, told, wired, report)
      report.rounds += 1
      onRound?.(report.rounds)
    }
    const last = new ActingProcess(folder, engine.host, "limited", report.rounds)
    await last.ended
    settle(database, last.acknowledged(), wired, report)
  } finally {
    await engine.close()
  }
}

/** Half of them are killed after something was done, the others from their first words on, or from their start. */
const stage = (acting: ActingProcess, share: number): Promise<unknown> =>
  share < 0.5 ? acting.acted : share < 0.8 ? acting.begun : Promise.resolve()

/** Looks at the log on the disk whenever something is to be changed. Gives the calls that got so far. */
const watchWire = (
  engine: FakeDocker,
  database: string,
  random: () => number,
  report: GuardCrashReport,
): ReadonlySet<string> => {
  const wired = new Set<string>()
  for (const name of ["web", "worker"]) {
    // Healthy at the first look: what is measured is the guard's part.
    engine.state.add(name, { health: "healthy", afterStart: { looks: 0, becomes: "healthy" } })
  }
  const always = { times: Number.POSITIVE_INFINITY }
  engine.before({ method: "GET", ...always }, () => delay((random() * SLOWEST_ANSWER_MS) / 4))
  engine.before({ method: "POST", ...always }, async ({ target }) => {
    const [, container = "", verb = ""] = /\/containers\/([^/]+)\/([a-z]+)/.exec(target) ?? []
    const callId = openIntent(loggedRows(database, LAST_ROWS), container, `${verb}_container`)
    report.changes += 1
    if (callId === undefined) report.withoutIntent.push(target)
    else if (wired.has(callId)) report.twice.push(`${callId} on the wire`)
    else wired.add(callId)
    await delay(random() * SLOWEST_ANSWER_MS)
  })
  return wired
}

/** A caller who heard no answer asks again, with the same ids; so does one who did. */
const lastCalls = (database: string): readonly string[] => [
  ...new Set(
    loggedRows(database, LAST_ROWS)
      .filter(({ kind }) => kind === "asked" || kind === "intent" || kind === "outcome")
      .slice(-AGAIN)
      .map(callOf),
  ),
]

const CHANGES = /^(restart|start|stop)-/

const compare = (
  where: string,
  database: string,
  told: readonly Acknowledgement[],
  wired: ReadonlySet<string>,
  report: GuardCrashReport,
): void => {
  report.acknowledged += told.length
  const {
    verdict,
    rows: count,
    message,
  } = existsSync(database) ? verifyLog(database) : { verdict: "valid", rows: 0, message: "" }
  // It may have been killed before it wrote anything at all.
  if (verdict !== "valid" && (count > 0 || told.length > 0)) {
    report.broken.push(`${where}: ${verdict}, ${message}`)
    return
  }
  const rows = verdict === "valid" ? byCall(loggedRows(database)) : new Map<string, LogRecord[]>()
  for (const each of told) {
    if (!isOnRecord(each, rows)) report.lost.push(`${where}: ${JSON.stringify(each)}`)
    if (each.outcome === "done" && CHANGES.test(each.callId) && !wired.has(each.callId))
      report.untrue.push(`${where}: ${each.callId} was said to be done`)
  }
}

/** After the last life: each intent has one outcome, which fits what was on the wire, and the minute's calls count. */
const settle = (
  database: string,
  told: readonly Acknowledgement[],
  wired: ReadonlySet<string>,
  report: GuardCrashReport,
): void => {
  if (!existsSync(database)) return
  if (verifyLog(database).verdict !== "valid") report.broken.push("after the last life")
  const rows = byCall(loggedRows(database))
  let operations = 0
  for (const [callId, own] of rows) {
    const intents = own.filter(({ kind }) => kind === "intent")
    const outcomes = own.filter(({ kind }) => kind === "outcome")
    if (own.some(({ kind }) => kind === "intent" || kind === "asked")) operations += 1
    if (intents.length > 1) report.twice.push(`${callId} has ${intents.length} intents`)
    if (intents.length !== outcomes.length)
      report.unsettled.push(`${callId}: ${intents.length} intents, ${outcomes.length} outcomes`)
    for (const { details } of outcomes) {
      const decision = String(details["decision"])
      if (details["reason"] === "interrupted") report.settled[decision] = (report.settled[decision] ?? 0) + 1
      if (!CHANGES.test(callId)) continue
      if (decision === "done" && !wired.has(callId)) report.untrue.push(`${callId} is on record as done`)
      if ((decision === "failed" || decision === "not-begun") && wired.has(callId))
        report.untrue.push(`${callId} is on record as ${decision}`)
    }
  }
  const [last] = told
  if (operations > ALLOWED_IN_A_MINUTE && last?.code !== "rate-limited")
    report.untrue.push(`a new life forgot the rate limit: ${JSON.stringify(last)}`)
}

const byCall = (rows: readonly LogRecord[]): ReadonlyMap<string, readonly LogRecord[]> => {
  const found = new Map<string, LogRecord[]>()
  for (const row of rows) {
    if (row.details["callId"] === undefined) continue
    const own = found.get(callOf(row))
    if (own === undefined) found.set(callOf(row), [row])
    else own.push(row)
  }
  return found
}
