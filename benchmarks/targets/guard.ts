import { mkdirSync, mkdtempSync, rmSync } from "node:fs"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { makeGuard } from "../../src/actors/guard/guard.ts"
import { defaultGuardTimes } from "../../src/actors/guard/guard-times.ts"
import type { Guard } from "../../src/actors/guard/guard-types.ts"
import { monotonicClock } from "../../src/audio/monotonic-clock.ts"
import { stateFolder } from "../../src/config/paths.ts"
import { uuidV7 } from "../../src/platform/uuid-v7.ts"
import type { CallContext, ToolCall, ToolEvent } from "../../src/ports/tools.ts"
import { openAuditLog } from "../../src/security/audit/audit-log.ts"
import { RateLimit } from "../../src/security/rate-limit.ts"
import { makeRedactor } from "../../src/security/redact.ts"
import { scriptedDesk, scriptedPin, scriptedTool } from "../../tests/support/guard-doubles.ts"
import { type Bar, type Findings, measured } from "../result.ts"
import { percentile } from "../statistics.ts"
import { amount, type Target, type TargetOptions, tooFew } from "../target.ts"

/** The first ones load and compile. */
const WARM_UP = 20
const NEEDED = 200

/**
 * The guard's own time: the tools do nothing and take none, the audit log is the real one, each row on the disk before it
 * counts. A call is timed from its first listener to its result.
 */
export const guard: Target = async (options) => {
  const folder = stateFolder(process.env)
  mkdirSync(folder, { recursive: true })
  const own = mkdtempSync(join(folder, "bench-guard-"))
  try {
    return await Effect.runPromise(Effect.scoped(measure(options, own)))
  } finally {
    rmSync(own, { recursive: true, force: true })
  }
}

const measure = (options: TargetOptions, folder: string) =>
  Effect.gen(function* () {
    const log = yield* openAuditLog({ folder, version: "benchmark" })
    const opened = yield* makeGuard({
      tools: [scriptedTool("logs", "read"), scriptedTool("restart", "change")],
      audit: Effect.succeed(log),
      desk: scriptedDesk(),
      pin: scriptedPin(),
      limit: new RateLimit({ perMinute: 1_000_000, deniedPerMinute: 1_000_000 }),
      redactor: makeRedactor(),
      clock: monotonicClock,
      wallNow: Date.now,
      times: defaultGuardTimes,
    })
    return yield* Effect.promise(() => measureGuard(options, opened))
  })

const measureGuard = async (options: TargetOptions, guarded: Guard): Promise<Findings> => {
  const count = amount(options, 50, 1000)
  const allowed: number[] = []
  const denied: number[] = []
  const asked: number[] = []
  const answered: number[] = []
  for (let i = -WARM_UP; i < count; i++) {
    options.signal.throwIfAborted()
    options.progress.step("guard", Math.max(0, i), count)
    const took = {
      allowed: await timed(guarded, "logs", "n8n", "receipt"),
      denied: await timed(guarded, "restart", "n8n/../portainer", "denied"),
      ...(await timeConfirmed(guarded)),
    }
    if (i < 0) continue
    allowed.push(took.allowed)
    denied.push(took.denied)
    asked.push(took.asked)
    answered.push(took.answered)
  }
  options.progress.step("guard", count, count)
  const bar = (what: string, values: readonly number[], limit: number): Bar => ({
    what,
    found: percentile(values, 0.95),
    limit,
    sense: "at most",
    unit: "ms",
    indicative: tooFew(count, NEEDED),
  })
  return {
    measurements: [
      measured("an allowed call: intent, outcome, receipt", "ms", allowed),
      measured("a denied call", "ms", denied),
      measured("a call that is asked about, until its question", "ms", asked),
      measured("from the right answer to the receipt", "ms", answered),
    ],
    bars: [
      bar("the guard's own time for an allowed call, p95", allowed, 10),
      bar("the guard's own time for a denied call, p95", denied, 5),
    ],
    notes: [
      `${count} of each, one after the other, after ${WARM_UP} that do not count; the tools do nothing`,
      "the audit log is on this machine's disk, synchronous=FULL: an allowed call waits for two rows, a denied one for one, a confirmed one for four",
    ],
  }
}

const context: CallContext = { origin: "phrase", conversationId: uuidV7(), confident: true }

const callOf = (name: string, container: string): ToolCall => ({
  callId: uuidV7(),
  turnId: uuidV7(),
  revision: 0,
  name,
  arguments: { container },
})

const timed = async (
  guarded: Guard,
  name: string,
  container: string,
  expected: ToolEvent["type"],
): Promise<number> => {
  const fromMs = monotonicClock.now()
  const [event] = await Effect.runPromise(Stream.runCollect(guarded.call(callOf(name, container), context)))
  const tookMs = monotonicClock.now() - fromMs
  if (event?.type !== expected) throw new Error(`The guard said ${event?.type}, expected was ${expected}.`)
  return tookMs
}

/** A change that somebody agrees to at once. */
const timeConfirmed = async (
  guarded: Guard,
): Promise<{ readonly asked: number; readonly answered: number }> => {
  const fromMs = monotonicClock.now()
  let askedAtMs = Number.NaN
  let last: ToolEvent | undefined
  const listening = Stream.runForEach(guarded.call(callOf("restart", "n8n"), context), (event) =>
    Effect.suspend(() => {
      last = event
      if (event.type !== "consent-needed") return Effect.void
      askedAtMs = monotonicClock.now()
      const { consentId } = event
      return Effect.asVoid(guarded.answer({ type: "typed", consentId, text: "tango" }))
    }),
  )
  await Effect.runPromise(listening)
  if (last?.type !== "receipt") throw new Error(`The guard said ${last?.type}, expected was a receipt.`)
  return { asked: askedAtMs - fromMs, answered: monotonicClock.now() - askedAtMs }
}
