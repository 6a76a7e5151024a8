import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { monotonicClock } from "../../src/audio/monotonic-clock.ts"
import type { AuditEntry } from "../../src/ports/audit.ts"
import { openAuditLog } from "../../src/security/audit/audit-log.ts"
import type { EntryToWrite } from "../../src/security/audit/audit-row.ts"
import { openWriter } from "../../src/security/audit/open-writer.ts"
import { verifyLog } from "../../src/security/audit/verify-log.ts"
import { crashRounds } from "../audit/crash-rounds.ts"
import { seededRandom } from "../corpus/random.ts"
import { type Findings, measured } from "../result.ts"
import { amount, type Target, type TargetOptions, tooFew } from "../target.ts"

/** The audit log: what a row costs, how fast it is verified, and what is left of it when its process is killed. */
export const audit: Target = async (options) => {
  const folder = mkdtempSync(join(tmpdir(), "jett-audit-"))
  try {
    const appended = await appending(join(folder, "append"), options)
    const verified = await verifying(join(folder, "verify"), options)
    const crashed = await crashing(join(folder, "crash"), options)
    const all = [appended, verified, crashed]
    return {
      measurements: all.flatMap(({ measurements }) => measurements),
      bars: all.flatMap(({ bars }) => bars),
      notes: all.flatMap(({ notes }) => notes),
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const entry = (i: number): AuditEntry => ({
  kind: i % 2 === 0 ? "intent" : "outcome",
  callId: `call-${Math.floor(i / 2)}`,
  turnId: `turn-${Math.floor(i / 2)}`,
  conversationId: "conversation-1",
  origin: "model",
  tool: "restart_container",
  container: "n8n",
  targetId: "ab".repeat(32),
  tier: "change",
  tainted: false,
  decision: "granted",
  reason: "confirmed",
  payload: { container: "n8n", action: "restart", observed: { state: "running", health: "healthy" } },
})

const AT_ONCE = 64

/** From the call to the acknowledgement, the way to the thread and the wait for the disk included. */
const appending = (folder: string, options: TargetOptions): Promise<Findings> => {
  const rows = options.quick ? 200 : 2_000
  return Effect.runPromise(
    Effect.scoped(
      Effect.gen(function* () {
        const log = yield* openAuditLog({ folder, version: "0.0.0" })
        const times: number[] = []
        for (let i = 0; i < rows; i++) {
          options.signal.throwIfAborted()
          const fromMs = monotonicClock.now()
          yield* log.append(entry(i))
          times.push(monotonicClock.now() - fromMs)
        }
        const fromMs = monotonicClock.now()
        yield* Effect.all(
          times.map((_, i) => log.append(entry(i))),
          { concurrency: AT_ONCE },
        )
        const together = rows / ((monotonicClock.now() - fromMs) / 1_000)
        const one = measured("one row, synchronous=FULL, acknowledged", "ms", times)
        return {
          measurements: [one, measured(`rows, ${AT_ONCE} waiting at once`, "/s", [together])],
          bars: [
            {
              what: "one row acknowledged, p95",
              found: one.p95,
              limit: 5,
              sense: "at most",
              unit: "ms",
              indicative: tooFew(rows, 1_000),
            },
          ],
          notes: [],
        } satisfies Findings
      }),
    ),
  )
}

const GROUP = 1_000

/** All that `jett audit verify` checks, on one thread. */
const verifying = async (folder: string, { quick, progress, signal }: TargetOptions): Promise<Findings> => {
  const rows = quick ? 20_000 : 250_000
  const { writer, close } = openWriter({ folder, version: "0.0.0", checkpointRows: 100, busyMs: 100 })
  const { payload, ...rest } = entry(0)
  const payloadText = JSON.stringify(payload)
  for (let done = 0; done < rows; done += GROUP) {
    signal.throwIfAborted()
    const group: readonly EntryToWrite[] = Array.from({ length: GROUP }, (_, i) => ({
      ...rest,
      callId: `call-${done + i}`,
      payloadText,
    }))
    writer.append(group)
    progress.step("rows written", done + GROUP, rows)
  }
  const checkpoint = writer.checkpoint()
  close()
  const before = process.memoryUsage().rss
  const speeds: number[] = []
  for (let i = 0; i < 3; i++) {
    const fromMs = monotonicClock.now()
    const report = verifyLog(join(folder, "audit.db"), { checkpoint })
    if (report.verdict !== "valid")
      throw new Error(`the log just written is ${report.verdict}: ${report.message}`)
    speeds.push(report.rows / ((monotonicClock.now() - fromMs) / 1_000))
  }
  const grownMib = (process.memoryUsage().rss - before) / 2 ** 20
  return {
    measurements: [measured("rows verified", "/s", speeds)],
    bars: [
      {
        what: `rows verified, slowest of ${speeds.length} runs`,
        found: Math.min(...speeds),
        limit: 20_000,
        sense: "at least",
        unit: "/s",
        indicative: tooFew(rows, 200_000),
      },
    ],
    notes: [
      `verified: ${rows} rows, each with a text; chain, texts, a checkpoint every 100 rows, the database itself`,
      `memory grew by ${grownMib.toFixed(0)} MiB meanwhile`,
    ],
  }
}

const crashing = async (folder: string, options: TargetOptions): Promise<Findings> => {
  const rounds = amount(options, 10, 200)
  const seed = Number(process.env["JETT_SEED"] ?? Date.now() % 2 ** 31)
  const onRound = (round: number): void => options.progress.step("kill -9", round, rounds)
  const report = await crashRounds(folder, rounds, seededRandom(seed), onRound, options.signal)
  const none = (what: string, found: number) =>
    ({ what, found, limit: 0, sense: "at most", unit: "", indicative: tooFew(rounds, 200) }) as const
  return {
    measurements: [],
    bars: [
      none(`acknowledged rows lost in ${rounds} × kill -9`, report.lost),
      none("logs that were not whole afterwards", report.broken),
    ],
    notes: [
      `${report.acknowledged} rows were acknowledged before their process was killed`,
      `seed ${seed} (JETT_SEED repeats the choices, not the moments)`,
    ],
  }
}
