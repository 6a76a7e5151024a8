import { footprintIn, isUntouched, tenantOf } from "./residency-accounts.ts"
import type {
  EvictionReason,
  LedgerCommand,
  LedgerReport,
  LedgerState,
  LedgerStep,
  Residence,
  TenantRecord,
} from "./residency-types.ts"

export const unchanged = (state: LedgerState): LedgerStep => ({ state, commands: [] })

export const andThen = (first: LedgerStep, next: (state: LedgerState) => LedgerStep): LedgerStep => {
  const second = next(first.state)
  if (second.commands.length === 0) return { state: second.state, commands: first.commands }
  return { state: second.state, commands: [...first.commands, ...second.commands] }
}

export const report = (line: LedgerReport): LedgerCommand => ({ type: "report", report: line })

export const withTenant = (
  state: LedgerState,
  model: string,
  change: Partial<TenantRecord>,
): LedgerState => ({
  ...state,
  tenants: state.tenants.map((tenant) => (tenant.spec.model === model ? { ...tenant, ...change } : tenant)),
})

export const withResidence = (
  state: LedgerState,
  model: string,
  change: (residence: Residence) => Residence,
): LedgerState => ({
  ...state,
  tenants: state.tenants.map((tenant) =>
    tenant.spec.model === model && tenant.residence !== undefined
      ? { ...tenant, residence: change(tenant.residence) }
      : tenant,
  ),
})

/** Our memory begins or ends to move: a reading made before says nothing about what is now. */
export const moved = (state: LedgerState, nowMs: number): LedgerState => ({
  ...state,
  moves: state.moves + 1,
  movedAtMs: nowMs,
})

/** Asks a model to unload; what it holds stays committed until it is back. */
export const evict = (
  state: LedgerState,
  options: {
    readonly model: string
    readonly why: EvictionReason
    readonly force: boolean
    readonly nowMs: number
  },
): LedgerStep => {
  const { model, why, force, nowMs } = options
  const incarnation = tenantOf(state, model)?.residence?.incarnation
  if (incarnation === undefined) return unchanged(state)
  const releasing = withResidence(state, model, ({ doomedAtMs: _, ...residence }) => ({
    ...residence,
    phase: "releasing",
    releasingSinceMs: nowMs,
    forced: force,
  }))
  return {
    state: moved(releasing, nowMs),
    commands: [
      report({ type: "evicting", model, why, force, atMs: nowMs }),
      { type: "evict", model, incarnation, force },
    ],
  }
}

/** A model left, and a turn still counts on it: it stays promised as it was, to be loaded again. */
export const promiseAgain = (state: LedgerState, model: string, nowMs: number): LedgerState =>
  moved(
    withResidence(
      state,
      model,
      ({ before: _, visibleMib: __, loadedAtMs: ___, betterSinceMs: ____, ...stay }) => ({
        ...stay,
        phase: "committed",
        footprintMib: footprintIn(state, stay.variant).committedMib,
      }),
    ),
    nowMs,
  )

/** The stay as that of another variant: what was seen of it as the former says nothing of this one. */
export const asVariant = (
  state: LedgerState,
  { visibleMib: _, ...stay }: Residence,
  { rung, variant }: Pick<Residence, "rung" | "variant">,
): Residence => ({ ...stay, rung, variant, footprintMib: footprintIn(state, variant).committedMib })

/** The memory is back, or was never taken. */
export const vacate = (state: LedgerState, model: string, nowMs: number): LedgerState => ({
  ...moved(state, nowMs),
  tenants: state.tenants.flatMap((tenant) => {
    if (tenant.spec.model !== model) return [tenant]
    const { residence: _, ...rest } = tenant
    return tenant.gone ? [] : [rest]
  }),
})

/**
 * An unloading is said to be over. Where the GPU can be read, a reading has to confirm it before the memory is given to
 * anybody else: some servers answer before it is free. Leases on it are void.
 */
export const beginVerifying = (state: LedgerState, model: string, nowMs: number): LedgerStep => {
  const residence = tenantOf(state, model)?.residence
  if (residence === undefined) return unchanged(state)
  if (residence.variant.placement === "cpu" || state.reading === undefined || isUntouched(residence)) {
    return unchanged(vacate(state, model, nowMs))
  }
  const verifying = withResidence(state, model, ({ doomedAtMs: _, stuck: __, ...stay }) => ({
    ...stay,
    phase: "releasing",
    leases: [],
    endedAtMs: nowMs,
  }))
  return {
    state: { ...moved(verifying, nowMs), lookAtMs: nowMs + LOOK_AGAIN_MS },
    commands: [{ type: "look" }],
  }
}

/** Of readings that are asked for while memory is on its way back. */
export const LOOK_AGAIN_MS = 20

/** What is committed follows what is believed of the variants. */
export const recount = (state: LedgerState): LedgerState => ({
  ...state,
  tenants: state.tenants.map((tenant) => {
    const { residence } = tenant
    if (residence === undefined) return tenant
    const believedMib = footprintIn(state, residence.variant).committedMib
    const footprintMib = Math.max(believedMib, residence.visibleMib ?? 0)
    return footprintMib === residence.footprintMib
      ? tenant
      : { ...tenant, residence: { ...residence, footprintMib } }
  }),
})
