import type { Variant } from "../../ports/residency.ts"
import { hasModelLease, tenantOf } from "./residency-accounts.ts"
import { asVariant, moved, report, unchanged, withTenant } from "./residency-steps.ts"
import type { LedgerState, LedgerStep } from "./residency-types.ts"

/**
 * What is left of a ladder for a model that cannot use the GPU. Where none of it is on the processor the figure of the
 * best stands in, since no other is known.
 */
export const variantsOffGpu = (variants: readonly Variant[]): readonly Variant[] => {
  const left = variants.filter(({ placement }) => placement === "cpu")
  const [best] = variants
  if (left.length > 0 || best === undefined) return left
  return [{ ...best, placement: "cpu", footprintKey: `${best.footprintKey}@cpu` }]
}

/**
 * A model that was granted the GPU is on the processor: what is committed for it moves there, under the same leases,
 * and the GPU's rungs leave its ladder. What it takes of the RAM is taken already, so there is nothing to admit: beyond
 * the budget it counts as a footprint that grew, and is given back as such.
 */
export const fallBack = (state: LedgerState, model: string, nowMs: number): LedgerStep => {
  const tenant = tenantOf(state, model)
  const residence = tenant?.residence
  if (tenant === undefined || residence === undefined) return unchanged(state)
  const variants = variantsOffGpu(tenant.spec.variants)
  const [variant] = variants
  const isOnGpu = residence.variant.placement === "gpu" && hasModelLease(residence)
  if (!isOnGpu || variant === undefined) return unchanged(state)
  const from = residence.variant.footprintKey
  // What was seen, or is to happen, of it on the GPU says nothing about the processor.
  const { before: _, toldMib: __, betterSinceMs: ___, doomedAtMs: ____, ...stay } = residence
  const there = asVariant(state, stay, { rung: 0, variant })
  const changed = withTenant(state, model, { spec: { ...tenant.spec, variants }, residence: there })
  return {
    state: moved(changed, nowMs),
    commands: [
      report({ type: "fell-back", model, from, to: variant.footprintKey, atMs: nowMs }),
      { type: "look" },
    ],
  }
}
