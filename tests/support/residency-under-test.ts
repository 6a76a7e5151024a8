import { dueAtMs } from "../../src/machines/residency/residency-due.ts"
import { account, emptyLedger } from "../../src/machines/residency/residency-ledger.ts"
import { snapshotOf } from "../../src/machines/residency/residency-snapshot.ts"
import type {
  LedgerEvent,
  LedgerSettings,
  LedgerState,
  LedgerStep,
} from "../../src/machines/residency/residency-types.ts"
import type { ResidencySnapshot } from "../../src/ports/residency.ts"

/** An event without its time. */
export type Happening = LedgerEvent extends infer E
  ? E extends LedgerEvent
    ? Omit<E, "nowMs">
    : never
  : never

/** A ledger as random worlds see it: the real one, or one that was broken on purpose. Nobody looks into its state. */
export interface LedgerUnderTest {
  open(settings: LedgerSettings): LedgerState
  account(state: LedgerState, event: LedgerEvent): LedgerStep
  dueAtMs(state: LedgerState): number | undefined
  snapshot(state: LedgerState): ResidencySnapshot
}

export const REAL_LEDGER: LedgerUnderTest = {
  open: (settings) => emptyLedger(settings),
  account,
  dueAtMs,
  snapshot: snapshotOf,
}
