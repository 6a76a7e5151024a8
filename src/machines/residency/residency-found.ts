import type { FoundModel } from "../../ports/residency.ts"
import { footprintIn, hasModelLease, isFound, tenantOf } from "./residency-accounts.ts"
import {
  andThen,
  evict,
  promiseAgain,
  unchanged,
  vacate,
  withResidence,
  withTenant,
} from "./residency-steps.ts"
import type { LedgerState, LedgerStep, Residence, TenantRecord } from "./residency-types.ts"

/**
 * A server of others was seen to hold a model, or not to hold it, while nobody here loads it: it is left from an earlier
 * run, or another of the server's clients had it loaded. In readings that memory looked like a stranger's, although the
 * model's own load needs none beside it. One that is there as it would be loaded counts as ours from now on, idle, until
 * somebody leases it. One that is there in another way has to leave first. What our own lease covers is known better.
 */
export const find = (
  state: LedgerState,
  model: string,
  found: FoundModel | undefined,
  nowMs: number,
): LedgerStep => {
  const tenant = tenantOf(state, model)
  if (tenant === undefined || tenant.gone) return unchanged(state)
  const { residence } = tenant
  if (residence !== undefined && (isUnloading(residence) || hasModelLease(residence))) return unchanged(state)
  if (found === undefined) {
    return residence === undefined || !isFound(residence) ? unchanged(state) : lose(state, tenant, nowMs)
  }
  const stay = stayOf(state, tenant, found, nowMs)
  if (stay === undefined) return unchanged(state)
  const ours = counted(withTenant(state, model, { residence: stay }), stay, residence)
  const there: LedgerStep = {
    state: { ...ours, incarnations: Math.max(ours.incarnations, stay.incarnation) },
    commands: [{ type: "look" }],
  }
  const isAsGranted = !residence?.leases.length || residence.rung === stay.rung
  if (isAsLoaded(tenant, found) && isAsGranted) return there
  return andThen(there, (next) => evict(next, { model, why: "found-otherwise", force: false, nowMs }))
}

/** One that is said to be gone, and yet there, was loaded again by another client. */
const isUnloading = ({ phase, endedAtMs }: Residence): boolean =>
  phase === "releasing" && endedAtMs === undefined

const isAsLoaded = ({ spec }: TenantRecord, { footprintKey, partial }: FoundModel): boolean =>
  !partial && spec.variants.some((variant) => variant.footprintKey === footprintKey)

/** The last one may have been there for long: no load of ours, so nothing to be measured. */
const stayOf = (
  state: LedgerState,
  tenant: TenantRecord,
  found: FoundModel,
  nowMs: number,
): Residence | undefined => {
  const { variants } = tenant.spec
  const rung = Math.max(
    0,
    variants.findIndex(({ footprintKey }) => footprintKey === found.footprintKey),
  )
  const variant = variants[rung]
  if (variant === undefined) return undefined
  const { trusted, measuredMib = 0, committedMib } = footprintIn(state, variant)
  const isWhole = isAsLoaded(tenant, found)
  const known = tenant.residence?.phase === "releasing" ? undefined : tenant.residence
  // An engine knows less of what it takes than three readings that agree.
  const visibleMib = Math.max(Math.ceil(found.mib), isWhole && trusted ? measuredMib : 0)
  return {
    incarnation: known?.incarnation ?? state.incarnations + 1,
    rung,
    variant,
    footprintMib: isWhole ? Math.max(committedMib, visibleMib) : visibleMib,
    visibleMib,
    phase: "loaded",
    leases: known?.leases ?? [],
    touched: true,
    loadedAtMs: nowMs,
  }
}

/** What was taken to be a stranger's is not; the next reading tells it exactly. */
const counted = (state: LedgerState, stay: Residence, before: Residence | undefined): LedgerState => {
  if (stay.variant.placement === "cpu") return state
  const knownMib = before !== undefined && isFound(before) ? (before.visibleMib ?? 0) : 0
  return { ...state, foreignMib: Math.max(0, state.foreignMib + knownMib - (stay.visibleMib ?? 0)) }
}

/** The server let go of it by itself. To a turn that counts on it, it stays promised. */
const lose = (state: LedgerState, { spec, residence }: TenantRecord, nowMs: number): LedgerStep => {
  if (residence === undefined) return unchanged(state)
  const { model } = spec
  const next =
    residence.leases.length === 0
      ? vacate(state, model, nowMs)
      : withResidence(promiseAgain(state, model, nowMs), model, ({ touched: _, ...stay }) => stay)
  return { state: next, commands: [{ type: "look" }] }
}
