import type { AuditKind, AuditRow } from "../../../ports/audit.ts"
import type { CallMemory } from "../call-memory.ts"
import type { GuardOptions } from "../guard-types.ts"
import type { Taint } from "../taint.ts"

/** Older than this by the wall clock, a row of the last minute is one before the clock was moved. */
const OLDEST_MS = 61_000

/** What the rows of an earlier life mean for this one, so that a restart forgives nothing. Oldest first. */
export const recallRows = (
  rows: readonly AuditRow[],
  lastMinute: readonly AuditRow[],
  options: Pick<GuardOptions, "limit" | "clock" | "wallNow"> & {
    readonly memory: CallMemory
    readonly taint: Taint
  },
): void => {
  const { memory, taint, limit, clock, wallNow } = options
  memory.recall(rows)
  for (const { tainted, conversationId } of rows)
    if (tainted === true && conversationId !== undefined) taint.add(conversationId)
  const nowMs = wallNow()
  /** One for each call, by its first such row. Where the clock was moved, in whichever direction, it counts as now. */
  const ages = (kinds: readonly AuditKind[]): readonly number[] => {
    const counted = new Map<string, number>()
    for (const { kind, callId, hash, atMs } of lastMinute) {
      const key = callId ?? hash
      const age = nowMs - atMs
      if (kinds.includes(kind) && !counted.has(key)) counted.set(key, age < OLDEST_MS ? age : 0)
    }
    return [...counted.values()]
  }
  limit.seed(ages(["asked", "intent"]), clock.now(), ages(["denied"]))
}
