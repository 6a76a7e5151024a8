import type { Placement, Variant } from "../../ports/residency.ts"
import { type Footprint, footprintOf } from "./footprint-trust.ts"
import { likelyInConversation, lossOf } from "./residency-accounts.ts"
import { planResidency, type Resident, type Wanted } from "./residency-plan.ts"
import type { TenantSpec } from "./residency-types.ts"

/** What the planner decides about one model. */
export interface BudgetDecision {
  readonly model: string
  /** `degrade`: a lower variant has to do. `evict`: others have to go for it; its variant may be a lower one too. */
  readonly type: "admit" | "degrade" | "evict" | "refuse"
  /** The one that is granted; of a model that is refused, the best. */
  readonly variant: Variant
  readonly footprint: Footprint
  /** Whether that is not the best. */
  readonly degraded: boolean
  readonly victims: readonly string[]
}

export interface BudgetPlan {
  /** One after the other, each beside those before it; `cumulativeMib` is committed in its pool then. */
  readonly inTurn: readonly (BudgetDecision & { readonly cumulativeMib: number })[]
  /** Each beside all the others, as far as those fit. Those for which nothing has to give way are left out. */
  readonly besideTheOthers: readonly BudgetDecision[]
  /** All at once, as a turn asks for them; undefined where they cannot be in memory together. */
  readonly together: readonly BudgetDecision[] | undefined
}

export interface BudgetOptions {
  /** In the order in which a turn needs them. */
  readonly tenants: readonly TenantSpec[]
  readonly budgetMib: Readonly<Record<Placement, number>>
  /** What was measured, MiB by `footprintKey`, latest last. */
  readonly footprints: Readonly<Record<string, readonly number[]>>
}

/** What the ledger would decide in a conversation if nothing were in memory yet and no other program took any. Pure. */
export const planBudget = ({ tenants, budgetMib, footprints }: BudgetOptions): BudgetPlan => {
  const pool = (placement: Placement) => ({ nowMib: budgetMib[placement], nominalMib: budgetMib[placement] })
  const budget = { gpu: pool("gpu"), cpu: pool("cpu") }
  const footprintIn = (variant: Variant): Footprint => footprintOf(variant, footprints[variant.footprintKey])
  const wantedOf = (spec: TenantSpec): Wanted => ({
    model: spec.model,
    modelClass: spec.modelClass,
    rungs: spec.variants.map((variant, rung) => ({
      placement: variant.placement,
      footprintMib: footprintIn(variant).committedMib,
      lossMs: lossOf({ spec }, rung),
    })),
  })
  const decisionOf = (
    { model, variants }: TenantSpec,
    rung: number | undefined,
    victims: readonly string[],
  ): BudgetDecision | undefined => {
    const variant = variants[rung ?? 0]
    if (variant === undefined) return undefined
    const type = rung === undefined ? "refuse" : victims.length > 0 ? "evict" : rung > 0 ? "degrade" : "admit"
    return { model, type, variant, footprint: footprintIn(variant), degraded: (rung ?? 0) > 0, victims }
  }

  const decide = (spec: TenantSpec, residents: readonly Resident[]): BudgetDecision | undefined => {
    const plan = planResidency([wantedOf(spec)], residents, budget)
    const isPossible = plan.type === "admit" || plan.type === "evict"
    const rung = isPossible ? plan.rungs.find(({ model }) => model === spec.model)?.rung : undefined
    return decisionOf(spec, rung, plan.type === "evict" ? plan.victims : [])
  }

  const oneByOne = (specs: readonly TenantSpec[]) => {
    let residents: readonly Resident[] = []
    const inTurn = specs.flatMap((spec) => {
      const decision = decide(spec, residents)
      if (decision === undefined) return []
      const staying = residents.filter(({ model }) => !decision.victims.includes(model))
      residents = decision.type === "refuse" ? staying : [...staying, residentOf(spec, decision)]
      return [{ ...decision, cumulativeMib: committedMib(residents, decision.variant.placement) }]
    })
    return { inTurn, residents }
  }

  const all = planResidency(tenants.map(wantedOf), [], budget)
  const besideTheOthers = tenants.flatMap((spec) => {
    const others = oneByOne(tenants.filter((other) => other !== spec))
    const decision = decide(spec, others.residents)
    return decision === undefined || decision.type === "admit" ? [] : [decision]
  })
  return {
    inTurn: oneByOne(tenants).inTurn,
    besideTheOthers,
    together:
      all.type === "admit"
        ? tenants.flatMap(
            (spec) => decisionOf(spec, all.rungs.find(({ model }) => model === spec.model)?.rung, []) ?? [],
          )
        : undefined,
  }
}

const residentOf = (
  { model, modelClass, pinned }: TenantSpec,
  { variant, footprint }: BudgetDecision,
): Resident => ({
  model,
  modelClass,
  placement: variant.placement,
  footprintMib: footprint.committedMib,
  reloadMs: variant.reloadMs,
  likelyPermille: likelyInConversation(modelClass),
  standing: pinned ? "pinned" : "idle",
})

const committedMib = (residents: readonly Resident[], placement: Placement): number =>
  residents
    .filter((resident) => resident.placement === placement)
    .reduce((sum, { footprintMib }) => sum + footprintMib, 0)
