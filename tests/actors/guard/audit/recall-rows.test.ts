import { expect, test } from "vitest"
import { recallRows } from "../../../../src/actors/guard/audit/recall-rows.ts"
import { CallMemory } from "../../../../src/actors/guard/call-memory.ts"
import { Taint } from "../../../../src/actors/guard/taint.ts"
import type { AuditKind, AuditRow } from "../../../../src/ports/audit.ts"
import { RateLimit } from "../../../../src/security/rate-limit.ts"
import { simulatedClock } from "../../../support/nursery.ts"

const NOW_MS = 1_800_000_000_000
const HOUR_MS = 3_600_000

const row = (seq: number, kind: AuditKind, agoMs: number): AuditRow => ({
  ...{ seq, kind, callId: `call-${seq}`, atMs: NOW_MS - agoMs, hash: `${seq}`.padStart(64, "0") },
})

/** How many of `perMinute` operations are left after the last minute's rows. */
const left = (lastMinute: readonly AuditRow[], perMinute = 3): number => {
  const limit = new RateLimit({ perMinute, deniedPerMinute: perMinute })
  const clock = simulatedClock()
  recallRows(lastMinute, lastMinute, {
    ...{ limit, clock, memory: new CallMemory(), taint: new Taint() },
    wallNow: () => NOW_MS,
  })
  let count = 0
  while (limit.admit(clock.now())) count++
  return count
}

test("The operations of the last minute count again, each once.", () => {
  const twice = [row(1, "asked", 5_000), { ...row(2, "intent", 4_000), callId: "call-1" }]
  expect(left([])).toBe(3)
  expect(left(twice)).toBe(2)
  expect(left([...twice, row(3, "intent", 1_000), row(4, "outcome", 500)])).toBe(1)
})

test("A clock that was put forward or back since then hides none of them.", () => {
  for (const moved of [HOUR_MS, 10 * 365 * 24 * HOUR_MS, -HOUR_MS])
    expect([moved, left([row(1, "intent", moved), row(2, "intent", moved + 20)])]).toEqual([moved, 1])
})
