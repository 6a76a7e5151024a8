import { type ChildProcess, spawn } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { expect, test } from "vitest"
import { guardCrashRounds } from "../../benchmarks/guard-crash/rounds.ts"
import { readLog } from "../../src/security/audit/read-log.ts"
import { verifyLog } from "../../src/security/audit/verify-log.ts"
import { temporaryDirectory } from "../support/cli.ts"
import { seededRandom } from "../support/seeded-random.ts"

const PROGRAM = fileURLToPath(new URL("../fixtures/guard-acting.mjs", import.meta.url))
const ROUNDS = 12

/** A guard at work in another process; `receipts` is what it told its callers. */
const start = (folder: string, mode: "act" | "settle") => {
  const child: ChildProcess = spawn(process.execPath, [PROGRAM, folder, mode], {
    stdio: ["ignore", "pipe", "inherit"],
  })
  let out = ""
  let seen = (): void => {}
  child.stdout?.on("data", (chunk: Buffer) => {
    out += chunk.toString()
    seen()
  })
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve))
  const begun = new Promise<void>((resolve) => {
    seen = resolve
  })
  return {
    ended,
    /** Settles with its first receipt. */
    begun: Promise.race([begun, ended]),
    receipts: () => out.split("\n").slice(0, -1),
    kill: () => {
      child.kill("SIGKILL")
      return ended
    },
  }
}

test("killed at any moment, the guard did nothing without an intent, and the next one settles what was left open", async () => {
  const folder = temporaryDirectory()
  const seed = Date.now() % 1_000_000
  const random = seededRandom(seed)
  const told: string[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const guard = start(folder, "act")
    await guard.begun
    await delay(random() * 80)
    await guard.kill()
    told.push(...guard.receipts())
  }
  expect(await start(folder, "settle").ended).toBe(0)

  const where = `seed ${seed}`
  const database = join(folder, "audit.db")
  expect([where, verifyLog(database).verdict]).toEqual([where, "valid"])
  const log = readLog(database)
  const rows = [...log.all()]
  log.close()
  const ofKind = (kind: string) => rows.filter((row) => row.kind === kind)
  const intents = ofKind("intent").map(({ details }) => String(details["callId"]))
  const outcomes = new Map(ofKind("outcome").map((row) => [String(row.details["callId"]), row.details]))
  const acts = existsSync(join(folder, "acts"))
    ? readFileSync(join(folder, "acts"), "utf8").split("\n").slice(0, -1)
    : []

  expect(acts.length).toBeGreaterThan(ROUNDS)
  expect([where, acts.filter((act) => !intents.includes(act))]).toEqual([where, []])
  expect([where, acts.length]).toEqual([where, new Set(acts).size])
  expect([where, intents.length]).toEqual([where, new Set(intents).size])
  expect([where, [...outcomes.keys()].sort()]).toEqual([where, [...intents].sort()])
  expect(ofKind("outcome")).toHaveLength(intents.length)
  // What was told was done, and is on record; what nobody saw is on record as it was.
  const wrong = told.filter((line) => {
    const [number = "", outcome] = line.split(" ")
    return outcome !== "done" || !acts.includes(number) || outcomes.get(number)?.["decision"] !== "done"
  })
  expect([where, wrong]).toEqual([where, []])
  const settled = [...outcomes].filter(([, details]) => details["reason"] === "interrupted")
  expect([
    where,
    settled.filter(([id, { decision }]) => decision !== (acts.includes(id) ? "done" : "failed")),
  ]).toEqual([where, []])
})

test("killed at any moment, the actions of the whole assistant changed nothing without an intent, and nothing twice", async () => {
  const seed = Number(process.env["JETT_SEED"] ?? Date.now() % 2 ** 31)
  const report = await guardCrashRounds({
    folder: join(temporaryDirectory(), "home"),
    rounds: ROUNDS,
    random: seededRandom(seed),
  })
  const { lost, withoutIntent, twice, broken, unsettled, untrue } = report
  const none = { lost: [], withoutIntent: [], twice: [], broken: [], unsettled: [], untrue: [] }
  expect([`JETT_SEED=${seed}`, { lost, withoutIntent, twice, broken, unsettled, untrue }]).toEqual([
    `JETT_SEED=${seed}`,
    none,
  ])
  expect(report.rounds).toBe(ROUNDS)
  expect(report.acknowledged).toBeGreaterThan(ROUNDS)
  expect(report.changes).toBeGreaterThan(0)
})
