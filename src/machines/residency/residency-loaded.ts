import type { LoadedAs } from "../../ports/residency.ts"
import { budgetOf, committedMib, hasModelLease, tenantOf } from "./residency-accounts.ts"
import { learn } from "./residency-readings.ts"
import { asVariant, moved, report, unchanged, withTenant } from "./residency-steps.ts"
import type { LedgerState, LedgerStep, Residence, TenantRecord } from "./residency-types.ts"

/**
 * A model is there. Its engine may have put it there in another variant than the granted one, which did not fit for all
 * that was counted: it is noted as what it is, so that what is learned is learned of that, and the better one comes back
 * when there is more room than there was. Of a model in part elsewhere nothing is learned: what it takes here is not
 * what it would take.
 */
export const load = (
  state: LedgerState,
  model: string,
  { measuredMib, footprintKey, partial = false }: LoadedAs,
  nowMs: number,
): LedgerStep => {
  const tenant = tenantOf(state, model)
  const granted = tenant?.residence
  if (tenant === undefined || granted?.phase !== "committed" || !hasModelLease(granted)) {
    return unchanged(state)
  }
  const residence = asLoaded(state, tenant, granted, footprintKey)
  const { visibleMib } = residence
  const undisturbed = !partial && residence.before?.moves === state.moves ? residence.before : undefined
  const onGpu = residence.variant.placement === "gpu"
  const settled = onGpu ? moved(state, nowMs) : state
  const toldMib = measuredMib === undefined ? undefined : Math.ceil(measuredMib)
  const { before: _, ...stay } = residence
  const there: Residence = {
    ...stay,
    phase: "loaded",
    loadedAtMs: nowMs,
    toldMib: measuredMib,
    ...(visibleMib === undefined ? {} : { visibleMib: Math.max(visibleMib, toldMib ?? 0) }),
    ...(partial && toldMib !== undefined ? { visibleMib: toldMib } : {}),
    ...(undisturbed === undefined ? {} : { before: { ...undisturbed, moves: settled.moves } }),
  }
  const noted = withTenant(settled, model, {
    usedAtMs: nowMs,
    residence: there,
    tooTightMib: tightnessOf(state, tenant, granted, there, partial),
  })
  // With a reading from before the load, the one after it is waited for; else what the engine says has to do.
  const isMeasured = undisturbed !== undefined || there.visibleMib !== undefined || partial
  const learnt = isMeasured ? unchanged(noted) : learn(noted, model, measuredMib ?? 0)
  const [from, to] = [granted.variant.footprintKey, there.variant.footprintKey]
  const degraded =
    there.rung > granted.rung ? [report({ type: "degraded", model, from, to, atMs: nowMs })] : []
  return {
    state: learnt.state,
    commands: [...degraded, ...learnt.commands, ...(onGpu ? [{ type: "look" } as const] : [])],
  }
}

/** The stay in the variant as which the engine loaded it, if that is another one in the same memory. */
const asLoaded = (
  state: LedgerState,
  { spec }: TenantRecord,
  granted: Residence,
  footprintKey: string | undefined,
): Residence => {
  const rung = spec.variants.findIndex((variant) => variant.footprintKey === footprintKey)
  const variant = spec.variants[rung]
  if (variant === undefined || rung === granted.rung) return granted
  if (variant.placement !== granted.variant.placement) return granted
  return asVariant(state, granted, { rung, variant })
}

/** How much room there was for the variants that did not fit in it; of one that did, that is forgotten. */
const tightnessOf = (
  state: LedgerState,
  { spec, tooTightMib }: TenantRecord,
  granted: Residence,
  there: Residence,
  partial: boolean,
): TenantRecord["tooTightMib"] => {
  const { placement, footprintKey } = there.variant
  const { [footprintKey]: _, ...others } = tooTightMib ?? {}
  const roomMib = budgetOf(state, placement).nowMib - committedMib(state, placement) + granted.footprintMib
  const tight = spec.variants
    .slice(granted.rung, partial ? there.rung + 1 : there.rung)
    .map((variant) => [variant.footprintKey, roomMib] as const)
  return { ...others, ...Object.fromEntries(tight) }
}
