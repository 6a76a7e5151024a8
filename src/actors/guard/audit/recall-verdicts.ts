import type { AuditRow } from "../../../ports/audit.ts"
import { recordedVerdicts } from "../../../security/confirmation/recorded-verdicts.ts"
import { operationKey } from "../call/call-book.ts"
import type { GuardOptions } from "../guard-types.ts"

/** Reading the rows takes a moment. */
const LATE_MS = 1000

/**
 * The failed confirmations of an earlier life, so that a restart ends no lock. `rows` reach back twice as far as a failure
 * counts, `counting` just as far, by either clock: where such a row's age says otherwise the wall clock was moved, in
 * whichever direction, and it counts as now. A lock of a future that was put back ends `lockMs` after the start.
 */
export const recallVerdicts = (
  rows: readonly AuditRow[],
  counting: readonly AuditRow[],
  { desk, clock, wallNow }: Pick<GuardOptions, "desk" | "clock" | "wallNow">,
): void => {
  const stillCounts = new Set(counting.map(({ seq }) => seq))
  const nowMs = wallNow()
  const ageOf = ({ seq, atMs }: AuditRow): number => {
    const ageMs = nowMs - atMs
    return stillCounts.has(seq) && ageMs >= desk.lockMs + LATE_MS ? 0 : ageMs
  }
  const verdicts = recordedVerdicts(rows, keyOf)
  desk.seed(
    verdicts.map(({ operationKey: key, type, row }) => ({ operationKey: key, type, ageMs: ageOf(row) })),
    clock.now(),
  )
}

const keyOf = ({ tool = "unknown", container }: AuditRow): string => operationKey({ tool, container })
