import { staysIn } from "./residency-accounts.ts"
import { chaseAtMs, unloadAtMs, upgradeAtMs } from "./residency-pressure.ts"
import type { LedgerState } from "./residency-types.ts"

/** When the ledger next has something to do although nothing happens; undefined where it has nothing to wait for. */
export const dueAtMs = (state: LedgerState): number | undefined => {
  let dueMs = Number.POSITIVE_INFINITY
  const by = (atMs: number | undefined): void => {
    if (atMs !== undefined && atMs < dueMs) dueMs = atMs
  }
  const { verifyMs, foreignMs } = state.settings
  for (const { deadlineAtMs, foreignSinceMs } of state.queue) {
    by(deadlineAtMs)
    if (foreignSinceMs !== undefined) by(foreignSinceMs + foreignMs)
  }
  for (const stay of staysIn(state)) {
    const { doomedAtMs, endedAtMs } = stay.residence
    by(doomedAtMs)
    if (endedAtMs !== undefined) {
      by(endedAtMs + verifyMs)
      by(state.lookAtMs)
    }
    by(chaseAtMs(state, stay))
    by(unloadAtMs(state, stay))
    by(upgradeAtMs(state, stay))
  }
  return dueMs === Number.POSITIVE_INFINITY ? undefined : dueMs
}
