import type { PoolSnapshot, ResidencyRow, ResidencySnapshot } from "../../ports/residency.ts"
import { budgetOf, committedMib, footprintIn, hasTurnLease, staysIn } from "./residency-accounts.ts"
import type { LedgerState } from "./residency-types.ts"

/** The ledger as it is shown: who holds memory, who waits for it, and what the pools have. */
export const snapshotOf = (state: LedgerState): ResidencySnapshot => {
  const resident = staysIn(state).map(
    ({ tenant, residence }): ResidencyRow => ({
      model: tenant.spec.model,
      variant: residence.variant.footprintKey,
      placement: residence.variant.placement,
      state: residence.phase,
      footprintMib: residence.footprintMib,
      declaredMib: residence.variant.declaredMib,
      measuredMib: footprintIn(state, residence.variant).measuredMib,
      leases: residence.leases.length,
      inUse: tenant.busy || hasTurnLease(residence) || residence.phase === "committed",
      pinned: tenant.spec.pinned,
    }),
  )
  const there = new Set(resident.map(({ model }) => model))
  const awaited = new Set(state.queue.flatMap(({ models }) => models).filter((model) => !there.has(model)))
  const waiting = state.tenants
    .filter(({ spec }) => awaited.has(spec.model))
    .map(
      ({ spec }): ResidencyRow => ({
        model: spec.model,
        variant: undefined,
        placement: undefined,
        state: "waiting",
        footprintMib: 0,
        declaredMib: spec.variants[0]?.declaredMib ?? 0,
        measuredMib: undefined,
        leases: 0,
        inUse: false,
        pinned: spec.pinned,
      }),
    )
  const pool = (placement: "gpu" | "cpu"): PoolSnapshot => {
    const { nowMib } = budgetOf(state, placement)
    const committed = committedMib(state, placement)
    return {
      budgetMib: nowMib,
      committedMib: committed,
      foreignMib: placement === "gpu" && state.reading !== undefined ? state.foreignMib : null,
      overcommitted: committed > nowMib,
    }
  }
  return { rows: [...resident, ...waiting], pools: { gpu: pool("gpu"), cpu: pool("cpu") } }
}
