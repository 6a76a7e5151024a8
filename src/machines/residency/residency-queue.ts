import type { Placement } from "../../ports/residency.ts"
import {
  budgetOf,
  committedMib,
  footprintIn,
  hasModelLease,
  isUntouched,
  lossOf,
  residentsOf,
  tenantOf,
} from "./residency-accounts.ts"
import { planResidency, type Wanted } from "./residency-plan.ts"
import { reasonOf } from "./residency-reasons.ts"
import { andThen, evict, moved, report, unchanged, withTenant } from "./residency-steps.ts"
import type {
  Grant,
  LedgerState,
  LedgerStep,
  RequestRecord,
  Residence,
  TenantRecord,
} from "./residency-types.ts"

/**
 * Who is next. A turn that holds leases goes first, since what it holds is free the sooner; then the classes in their
 * order; within a class it is first come, first served. So a request waits only for those before it in its class, of
 * which there is a last one, and for higher classes, which is what priorities mean: a background model must not keep a
 * person waiting. Each wait ends at its deadline, so nobody waits for ever.
 */
export const enqueue = (
  queue: readonly RequestRecord[],
  request: RequestRecord,
): readonly RequestRecord[] => {
  const isBefore = (other: RequestRecord): boolean =>
    other.holding === request.holding ? other.rank <= request.rank : other.holding
  const index = queue.findLastIndex(isBefore) + 1
  return queue.toSpliced(index, 0, request)
}

/** How far those who wait keep others from a pool: from new memory in it, or from using what is in it as well. */
type Blocked = Partial<Record<Placement, "new" | "use">>

/**
 * Grants, refuses or begins evictions for those who wait, in their order. One that has to wait keeps the pools that it
 * could use from all behind it: whoever is small must not overtake it again and again. If it waits for models in use,
 * no later turn may begin to use those.
 *
 * No deadlock: leases are granted all at once, and a turn that holds some is refused where it would have to wait for
 * somebody else's, so nobody holds while waiting. A model's own lease on what is committed already passes everybody.
 */
export const serve = (state: LedgerState, nowMs: number): LedgerStep => {
  if (state.queue.length === 0) return unchanged(state)
  const blocked: Blocked = {}
  return state.queue.reduce<LedgerStep>(
    (step, request) => andThen(step, (next) => serveOne(next, request, blocked, nowMs)),
    unchanged(state),
  )
}

const serveOne = (
  state: LedgerState,
  request: RequestRecord,
  blocked: Blocked,
  nowMs: number,
): LedgerStep => {
  const tenants = request.models.flatMap((model) => tenantOf(state, model) ?? [])
  const newcomers = tenants.filter(({ residence }) => residence === undefined || isLeaving(residence))
  const isTurn = request.holder.type === "turn"
  const block = (kind: "new" | "use"): void => {
    if (request.holding) return
    for (const { spec, residence } of tenants) {
      const variants = residence === undefined ? spec.variants : [residence.variant]
      for (const { placement } of variants) {
        if (blocked[placement] !== "use") blocked[placement] = kind
      }
    }
  }
  const waits = (on: "release" | "use" | "foreign"): LedgerStep => {
    if (nowMs >= request.deadlineAtMs || (request.holding && on !== "release")) {
      return refuse(state, request, nowMs, reasonOf(state, newcomers, on))
    }
    const sinceMs = on === "foreign" ? (request.foreignSinceMs ?? nowMs) : undefined
    if (sinceMs !== undefined && nowMs - sinceMs >= state.settings.foreignMs) {
      return refuse(state, request, nowMs, reasonOf(state, newcomers, on))
    }
    block(on === "use" ? "use" : "new")
    return unchanged(
      sinceMs === request.foreignSinceMs ? state : withForeignSince(state, request.id, sinceMs),
    )
  }

  if (newcomers.length === 0) {
    const stays = tenants.flatMap(({ residence }) => residence ?? [])
    // What is only promised is not loaded while too much is committed, and what has to go is not used anew.
    const startsLoading = !isTurn && stays.some((stay) => !hasModelLease(stay) && isOver(state, stay))
    const isDoomed = isTurn && !request.holding && stays.some(({ doomedAtMs }) => doomedAtMs !== undefined)
    if (startsLoading || isDoomed) return waits("release")
    const isKept =
      isTurn && !request.holding && stays.some(({ variant }) => blocked[variant.placement] === "use")
    return isKept ? waits("use") : grant(state, request, new Map(), nowMs)
  }

  const ladders = newcomers.map((tenant) => ladderOf(state, tenant, request.holding ? {} : blocked, nowMs))
  if (ladders.some(({ rungs }) => rungs.length === 0)) return waits("release")
  const wanted = tenants.map(
    (tenant) => ladders.find(({ model }) => model === tenant.spec.model) ?? present(tenant),
  )
  const plan = planResidency(wanted, residentsOf(state, nowMs), {
    gpu: budgetOf(state, "gpu"),
    cpu: budgetOf(state, "cpu"),
  })
  switch (plan.type) {
    case "admit": {
      const rungs = plan.rungs.map(({ model, rung }) => {
        const ladder = ladders.find((one) => one.model === model)
        return [model, ladder?.indexes[rung] ?? 0] as const
      })
      return grant(state, request, new Map(rungs), nowMs)
    }
    case "evict":
      // Nobody is evicted for a request that is too late.
      if (nowMs >= request.deadlineAtMs) return waits("release")
      return plan.victims.reduce(
        (step, model) => andThen(step, (next) => evict(next, { model, why: "request", force: false, nowMs })),
        waits("release"),
      )
    case "wait":
      return waits(plan.on)
    case "refuse":
      return refuse(state, request, nowMs, reasonOf(state, newcomers, "size"))
  }
}

const isLeaving = ({ phase }: Residence): boolean => phase === "releasing"

const isOver = (state: LedgerState, { variant: { placement } }: Residence): boolean =>
  committedMib(state, placement) > budgetOf(state, placement).nowMib

interface Ladder extends Wanted {
  /** In the tenant's own ladder. */
  readonly indexes: readonly number[]
}

/** Without the rungs in pools that others wait for, nor those that rest, if any other is left. */
const ladderOf = (state: LedgerState, tenant: TenantRecord, blocked: Blocked, nowMs: number): Ladder => {
  const { model, modelClass, variants } = tenant.spec
  const open = [...variants.keys()].filter((index) => {
    const placement = variants[index]?.placement
    return placement !== undefined && blocked[placement] === undefined
  })
  const awake = open.filter((index) => !isResting(tenant, index, nowMs))
  const indexes = awake.length > 0 ? awake : open
  const rungs = indexes.flatMap((index) => {
    const variant = variants[index]
    if (variant === undefined) return []
    const footprintMib = footprintIn(state, variant).committedMib
    return [{ placement: variant.placement, footprintMib, lossMs: lossOf(tenant, index) }]
  })
  return { model, modelClass, rungs, indexes }
}

export const isResting = ({ spec, restingUntilMs }: TenantRecord, rung: number, nowMs: number): boolean =>
  nowMs < (restingUntilMs[spec.variants[rung]?.footprintKey ?? ""] ?? nowMs)

const present = ({ spec: { model, modelClass } }: TenantRecord): Wanted => ({ model, modelClass, rungs: [] })

const grant = (
  state: LedgerState,
  request: RequestRecord,
  rungs: ReadonlyMap<string, number>,
  nowMs: number,
): LedgerStep => {
  const { type } = request.holder
  let next: LedgerState = { ...state, queue: state.queue.filter(({ id }) => id !== request.id) }
  const grants: Grant[] = []
  const degraded: LedgerStep["commands"][number][] = []
  for (const model of request.models) {
    const tenant = tenantOf(next, model)
    if (tenant === undefined) continue
    const rung = rungs.get(model) ?? 0
    const stay = tenant.residence ?? newStay(next, tenant, rung)
    if (stay === undefined) continue
    if (tenant.residence === undefined) {
      next = { ...next, incarnations: stay.incarnation }
      const [best] = tenant.spec.variants
      if (rung > 0 && best !== undefined) {
        const [from, to] = [best.footprintKey, stay.variant.footprintKey]
        degraded.push(report({ type: "degraded", model, from, to, atMs: nowMs }))
      }
    }
    const isLoading = type === "model" && !hasModelLease(stay)
    if (isLoading && stay.variant.placement === "gpu") next = moved(next, nowMs)
    // What a server held before is in both readings: its load measures nothing.
    const wasThere = stay.visibleMib !== undefined
    const before = isLoading && !wasThere ? measurableFrom(state, next, model) : undefined
    const residence: Residence = {
      ...stay,
      phase: isLoading ? "committed" : stay.phase,
      ...(before === undefined ? {} : { before }),
      touched: stay.touched === true || isLoading,
      leases: [...stay.leases, { requestId: request.id, holder: request.holder }],
    }
    next = withTenant(next, model, { residence, usedAtMs: nowMs })
    grants.push({ model, variant: stay.variant, footprintMib: stay.footprintMib })
  }
  return { state: next, commands: [{ type: "grant", id: request.id, grants }, ...degraded] }
}

const newStay = (state: LedgerState, tenant: TenantRecord, rung: number): Residence | undefined => {
  const variant = tenant.spec.variants[rung]
  if (variant === undefined) return undefined
  return {
    incarnation: state.incarnations + 1,
    rung,
    variant,
    footprintMib: footprintIn(state, variant).committedMib,
    phase: "committed",
    leases: [],
  }
}

/** A load can be measured where a reading was made since our memory last moved, and nothing is moving. */
const measurableFrom = (before: LedgerState, now: LedgerState, model: string): Residence["before"] => {
  const { reading } = before
  if (reading === undefined || before.movesRead !== before.moves) return undefined
  const isQuiet = now.tenants.every(
    ({ spec, residence }) =>
      spec.model === model ||
      residence === undefined ||
      residence.variant.placement === "cpu" ||
      residence.phase === "loaded" ||
      isUntouched(residence),
  )
  return isQuiet ? { usedMib: reading.usedMib, moves: now.moves } : undefined
}

export const refuse = (
  state: LedgerState,
  { id, models }: RequestRecord,
  nowMs: number,
  reason: string,
): LedgerStep => ({
  state: { ...state, queue: state.queue.filter((one) => one.id !== id) },
  commands: [{ type: "refuse", id, reason }, report({ type: "refused", models, reason, atMs: nowMs })],
})

const withForeignSince = (
  state: LedgerState,
  id: string,
  foreignSinceMs: number | undefined,
): LedgerState => ({
  ...state,
  queue: state.queue.map((one) => (one.id === id ? { ...one, foreignSinceMs } : one)),
})
