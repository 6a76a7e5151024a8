import type { MemoryReading } from "../../ports/readings.ts"
import type { ModelClass, Placement, Variant } from "../../ports/residency.ts"
import { type Footprint, footprintOf } from "./footprint-trust.ts"
import type { PoolBudget, Resident } from "./residency-plan.ts"
import type { LedgerState, Residence, TenantRecord } from "./residency-types.ts"

export const PLACEMENTS: readonly Placement[] = ["gpu", "cpu"]

/** While it is in memory, a tenant with its stay. */
export interface Stay {
  readonly tenant: TenantRecord
  readonly residence: Residence
}

export const tenantOf = (state: LedgerState, model: string): TenantRecord | undefined =>
  state.tenants.find(({ spec }) => spec.model === model)

export const staysIn = (state: LedgerState, placement?: Placement): readonly Stay[] => {
  const stays: Stay[] = []
  for (const tenant of state.tenants) {
    const { residence } = tenant
    if (residence === undefined) continue
    if (placement === undefined || residence.variant.placement === placement)
      stays.push({ tenant, residence })
  }
  return stays
}

/** Everything that is promised or taken, until it is known to be back. */
export const committedMib = (state: LedgerState, placement: Placement): number =>
  staysIn(state, placement).reduce((sum, { residence }) => sum + residence.footprintMib, 0)

export const budgetOf = (state: LedgerState, placement: Placement): PoolBudget => {
  const { totalMib, reserveMib, headroomMib, ramMib } = state.settings
  if (placement === "cpu") return { nowMib: ramMib, nominalMib: ramMib }
  const presentMib = Math.min(totalMib, state.reading?.totalMib ?? totalMib)
  const nominalMib = Math.max(0, presentMib - reserveMib - headroomMib)
  return { nowMib: Math.max(0, nominalMib - state.foreignMib), nominalMib }
}

export const footprintIn = (state: LedgerState, variant: Variant): Footprint =>
  footprintOf(variant, state.footprints[variant.footprintKey])

export const hasModelLease = ({ leases }: Residence): boolean =>
  leases.some(({ holder }) => holder.type === "model")
export const hasTurnLease = ({ leases }: Residence): boolean =>
  leases.some(({ holder }) => holder.type === "turn")

/** A server holds it although no lease of the model's own covers it; see `residency-found.ts`. */
export const isFound = (residence: Residence): boolean =>
  residence.phase === "loaded" && !hasModelLease(residence)

/** What of the GPU's use is put down to a stay that is there, or is not back. */
export const takenMib = ({ visibleMib, footprintMib }: Residence): number => visibleMib ?? footprintMib

/** Promised, and nothing of it is taken yet. */
export const isUntouched = (residence: Residence): boolean =>
  residence.phase === "committed" && residence.touched !== true

export const isIdle = ({ tenant, residence }: Stay): boolean =>
  residence.phase === "loaded" &&
  !tenant.spec.pinned &&
  !tenant.gone &&
  !tenant.busy &&
  !hasTurnLease(residence)

/**
 * What others use beyond the reserve, as a reading tells it. What we have loaded is known; of what is being loaded or
 * released anything between nothing and all may be in use, so within that range the figure stays what it was.
 */
export const foreignIn = (state: LedgerState, { usedMib }: MemoryReading): number => {
  let settledMib = 0
  let movingMib = 0
  for (const { residence } of staysIn(state, "gpu")) {
    if (residence.phase === "loaded") settledMib += takenMib(residence)
    else if (!isUntouched(residence)) movingMib += residence.footprintMib
  }
  const most = Math.max(0, usedMib - state.settings.reserveMib - settledMib)
  const least = Math.max(0, most - movingMib)
  return Math.min(most, Math.max(least, state.foreignMib))
}

/** The chance that an idle model is needed soon halves with this time. */
const HALF_LIFE_MS = 300_000
const LEAST_PERMILLE = 50

/** In thousandths: in a conversation all are sure to be needed again but those that nobody waits for. */
export const likelyInConversation = (modelClass: ModelClass): number =>
  modelClass === "background" ? 100 : 1000

export const likelyPermille = (
  state: LedgerState,
  { spec, usedAtMs }: TenantRecord,
  nowMs: number,
): number => {
  if (state.inConversation) return likelyInConversation(spec.modelClass)
  const idleMs = Math.max(0, nowMs - usedAtMs)
  return Math.max(LEAST_PERMILLE, Math.round(1000 * 2 ** (-idleMs / HALF_LIFE_MS)))
}

/** Stands in for a variant's own figure, for each rung below the first: speech on the CPU is slower, a smaller model is not as good. */
const LOSS_MS: Readonly<Record<ModelClass, number>> = {
  wake: 10_000,
  vad: 10_000,
  stt: 1500,
  llm: 20_000,
  tts: 500,
  background: 100,
}

export const lossOf = ({ spec }: Pick<TenantRecord, "spec">, rung: number): number =>
  rung === 0 ? 0 : (spec.variants[rung]?.lossMs ?? rung * LOSS_MS[spec.modelClass])

export const residentsOf = (state: LedgerState, nowMs: number): readonly Resident[] =>
  staysIn(state).map((stay) => ({
    model: stay.tenant.spec.model,
    modelClass: stay.tenant.spec.modelClass,
    placement: stay.residence.variant.placement,
    footprintMib: stay.residence.footprintMib,
    reloadMs: stay.residence.variant.reloadMs,
    likelyPermille: likelyPermille(state, stay.tenant, nowMs),
    standing: standingOf(stay),
  }))

const standingOf = (stay: Stay): Resident["standing"] => {
  if (stay.residence.stuck === true) return "stuck"
  if (stay.residence.phase === "releasing") return "releasing"
  if (stay.tenant.spec.pinned) return "pinned"
  return isIdle(stay) ? "idle" : "held"
}
