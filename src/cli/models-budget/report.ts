import type { Config } from "../../config/definition.ts"
import {
  type BudgetDecision,
  type BudgetPlan,
  planBudget,
} from "../../machines/residency/residency-budget.ts"
import { type Profile, ramBudgetMib } from "../../models/memory-profile.ts"
import type { Placement } from "../../ports/residency.ts"
import type { BudgetLook } from "./look.ts"
import type { BudgetTenants } from "./tenants.ts"

export interface BudgetInput {
  readonly config: Config
  readonly profile: Profile
  readonly isAuto: boolean
  readonly look: BudgetLook
  readonly tenants: BudgetTenants
  /** What was measured, MiB by `footprintKey`, latest last. */
  readonly footprints: Readonly<Record<string, readonly number[]>>
}

export type BudgetReport = ReturnType<typeof budgetReport>
export type BudgetRow = BudgetReport["besideTheOthers"][number]
export type BudgetTogether = NonNullable<BudgetReport["together"]>

/** What the ledger would decide, as it is printed: figures in MiB, null where nothing is known. Pure but for the RAM. */
export const budgetReport = (input: BudgetInput) => {
  const { config, profile, isAuto, look, tenants, footprints } = input
  const usesGpu =
    tenants.unknown?.placement === "gpu" ||
    tenants.known.some(({ variants }) => variants.some(({ placement }) => placement === "gpu"))
  const gpu = gpuBudget(config, look, usesGpu)
  const cpu = {
    source: config.memory.ramMib > 0 ? "configured" : "a share of the memory",
    budgetMib: ramBudgetMib(config),
  }
  const planWith = (gpuMib: number) =>
    planBudget({ tenants: tenants.known, budgetMib: { gpu: gpuMib, cpu: cpu.budgetMib }, footprints })

  const row = (decision: BudgetDecision) => ({
    id: decision.model,
    class: tenants.known.find(({ model }) => model === decision.model)?.modelClass ?? null,
    placement: decision.variant.placement,
    variant: decision.variant.footprintKey,
    declaredMib: decision.variant.declaredMib,
    measuredMib: decision.footprint.measuredMib ?? null,
    committedMib: decision.footprint.committedMib,
    decision: decision.type,
    degraded: decision.degraded,
    victims: decision.victims,
  })
  const allAtOnce = ({ together }: BudgetPlan, gpuMib: number) => {
    if (together === undefined) return null
    const pool = (placement: Placement, budgetMib: number) => {
      const committedMib = together
        .filter(({ variant }) => variant.placement === placement)
        .reduce((sum, { footprint }) => sum + footprint.committedMib, 0)
      return { committedMib, budgetMib, spareMib: budgetMib - committedMib }
    }
    return { gpu: pool("gpu", gpuMib), cpu: pool("cpu", cpu.budgetMib), models: together.map(row) }
  }
  const plan = planWith(gpu.budgetMib)
  return {
    profile,
    isAuto,
    gpu,
    cpu,
    note: tenants.note ?? null,
    unknown: tenants.unknown ?? null,
    models: plan.inTurn.map((decision) => ({ ...row(decision), cumulativeMib: decision.cumulativeMib })),
    together: allAtOnce(plan, gpu.budgetMib),
    /** With what is in use now; the same as `together` where that cannot be seen or takes nothing from it. */
    togetherNow: allAtOnce(planWith(gpu.nowMib), gpu.nowMib),
    besideTheOthers: plan.besideTheOthers.map(row),
  }
}

/** `usedMib`: now, by all programs; null where it cannot be read. `nowMib`: what that leaves for models of ours. */
const gpuBudget = ({ memory }: Config, { source, reading }: BudgetLook, isUsed: boolean) => {
  const { gpuTotalMib, gpuReserveMib: reserveMib, gpuHeadroomMib: headroomMib } = memory
  const totalMib = Math.min(gpuTotalMib, reading?.totalMib ?? gpuTotalMib)
  const isRead = reading !== undefined && reading.totalMib <= gpuTotalMib
  const budgetMib = Math.max(0, totalMib - reserveMib - headroomMib)
  const foreignMib = Math.max(0, (reading?.usedMib ?? 0) - reserveMib)
  return {
    source: isRead ? source : "configured",
    /** False where the profile puts nothing there. */
    isUsed,
    totalMib,
    reserveMib,
    headroomMib,
    budgetMib,
    nowMib: Math.max(0, budgetMib - foreignMib),
    readMib: reading?.totalMib ?? null,
    usedMib: reading?.usedMib ?? null,
  }
}
