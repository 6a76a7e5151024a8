import { expect, test } from "vitest"
import { recallVerdicts } from "../../../../src/actors/guard/audit/recall-verdicts.ts"
import type { AuditRow } from "../../../../src/ports/audit.ts"
import { makeConfirmationDesk } from "../../../../src/security/confirmation.ts"
import { simulatedClock } from "../../../support/nursery.ts"

const NOW_MS = 1_800_000_000_000
const LOCK_MS = 300_000
const MINUTE_MS = 60_000

const verdict = (seq: number, agoMs: number, more: Partial<AuditRow> = {}): AuditRow => ({
  ...{ seq, kind: "consent", callId: `call-${seq}`, tool: "restart_container", container: "n8n" },
  ...{ decision: "ask-again", reason: "wrong-word", tier: "change" },
  ...{ atMs: NOW_MS - agoMs, hash: `${seq}`.padStart(64, "0") },
  ...more,
})

/** How long the operation is locked. */
const locked = (
  rows: readonly AuditRow[],
  counting = rows.filter(({ atMs }) => NOW_MS - atMs < LOCK_MS),
  key = "restart_container n8n",
): number => {
  const clock = simulatedClock()
  const desk = makeConfirmationDesk({ lockMs: LOCK_MS })
  recallVerdicts(rows, counting, { desk, clock, wallNow: () => NOW_MS })
  return desk.lockedMs(key, clock.now())
}

const last = (agoMs: number) => verdict(9, agoMs, { decision: "denied", reason: "too-many-failures" })

test("The last wrong word locks by itself, however many rows before it are out of sight.", () => {
  expect(locked([last(MINUTE_MS)])).toBe(LOCK_MS - MINUTE_MS)
  expect(locked([last(LOCK_MS)])).toBe(0)
})

test("A chain of failures is remembered from link to link, and broken where one came too late.", () => {
  const chain = [6, 4, 2].map((minutes, i) => verdict(i, minutes * MINUTE_MS))
  expect(locked(chain)).toBe(LOCK_MS - 2 * MINUTE_MS)
  expect(locked([9, 4, 2].map((minutes, i) => verdict(i, minutes * MINUTE_MS)))).toBe(0)
})

test("Where the wall clock was moved, a failure that still counts by the uptime counts as now.", () => {
  const row = last(86_400_000)
  expect(locked([row], [row])).toBe(LOCK_MS)
  expect(locked([last(-86_400_000)])).toBe(LOCK_MS)
})

test("A row whose text is erased counts all the same, and one of a tool without a container is that tool's.", () => {
  const own = { tool: "set_timer", container: undefined, tier: "own" } as const
  expect(locked([{ ...last(0), ...own, payload: undefined }], undefined, "set_timer")).toBe(LOCK_MS)
})

test("Refusals, silences, late answers and wrong PINs are no failures.", () => {
  const reasons = ["deny-word", "silence", "too-late", "pin-wrong", "cancelled"]
  const rows = reasons.map((reason, i) => verdict(i, 0, { decision: "denied", reason }))
  const pins = [1, 2, 3].map((i) =>
    verdict(10 + i, 0, { decision: "denied", reason: "pin-wrong", tier: "danger" }),
  )
  expect(locked([...rows, ...pins])).toBe(0)
})

test("A PIN that was right ends no lock of words.", () => {
  expect(locked([last(2), verdict(10, 1, { decision: "granted", reason: undefined, tier: "danger" })])).toBe(
    LOCK_MS - 2,
  )
  expect(locked([last(2), verdict(10, 1, { decision: "granted", reason: undefined })])).toBe(0)
})
