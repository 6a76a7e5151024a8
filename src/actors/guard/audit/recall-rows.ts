import type { AuditKind, AuditRow } from "../../../ports/audit.ts"
import type { CallMemory } from "../call-memory.ts"
import type { GuardOptions } from "../guard-types.ts"
import type { Taint } from "../taint.ts"

/** How far back the rate limit looks. */
const RATE_MS = 60_000

/** What the rows of an earlier life mean for this one, so that a restart forgives nothing. Oldest first. */
export const recallRows = (
  rows: readonly AuditRow[],
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
  /** One for each call, by its first such row. A clock that was put back makes rows of the future: they count as now. */
  const ages = (kinds: readonly AuditKind[]): readonly number[] => {
    const counted = new Map<string, number>()
    for (const { kind, callId, hash, atMs } of rows) {
      const key = callId ?? hash
      if (kinds.includes(kind) && !counted.has(key)) counted.set(key, nowMs - atMs)
    }
    return [...counted.values()].filter((age) => age < RATE_MS)
  }
  limit.seed(ages(["asked", "intent"]), clock.now(), ages(["denied"]))
}
