import { hasModelLease, isFound, isUntouched, staysIn, tenantOf } from "./residency-accounts.ts"
import { fallBack } from "./residency-fallback.ts"
import { find } from "./residency-found.ts"
import { load } from "./residency-loaded.ts"
import { classRank } from "./residency-plan.ts"
import { chase, relieve, tidy } from "./residency-pressure.ts"
import { enqueue, refuse, serve } from "./residency-queue.ts"
import { read, settleLate, unread } from "./residency-readings.ts"
import {
  andThen,
  beginVerifying,
  promiseAgain,
  unchanged,
  vacate,
  withResidence,
  withTenant,
} from "./residency-steps.ts"
import type {
  LedgerEvent,
  LedgerSettings,
  LedgerState,
  LedgerStep,
  RequestRecord,
  Residence,
  TenantRecord,
} from "./residency-types.ts"

export const emptyLedger = (
  settings: LedgerSettings,
  footprints: LedgerState["footprints"] = {},
): LedgerState => ({
  settings,
  tenants: [],
  queue: [],
  footprints,
  reading: undefined,
  foreignMib: 0,
  moves: 0,
  movesRead: 0,
  movedAtMs: Number.NEGATIVE_INFINITY,
  incarnations: 0,
  inConversation: false,
  conversationEndedAtMs: Number.NEGATIVE_INFINITY,
  overcommittedSinceMs: {},
  lookAtMs: Number.NEGATIVE_INFINITY,
})

/**
 * The decisions about who is in memory, without effects: a state and an event in, a state and commands out. After each
 * event what is committed beyond the budget is given back first, then those who wait are served, in their order, and
 * last comes what nobody asked for: unloading what is idle. Total; a word about what is unknown or past changes nothing.
 */
export const account = (state: LedgerState, event: LedgerEvent): LedgerStep => {
  const { nowMs } = event
  let step = happened(state, event)
  for (const settle of [settleLate, relieve, chase, serve, relieve, tidy]) {
    step = andThen(step, (next) => settle(next, nowMs))
  }
  return step
}

const happened = (state: LedgerState, event: LedgerEvent): LedgerStep => {
  const { nowMs } = event
  switch (event.type) {
    case "tenant.registered":
      return unchanged(registered(state, event.tenant, nowMs))
    case "tenant.unregistered":
      return unregistered(state, event.model, nowMs)
    case "tenant.busy":
      return unchanged(busy(state, event.model, event.busy, nowMs))
    case "tenant.loaded":
      return load(state, event.model, event, nowMs)
    case "tenant.out-of-memory":
      return unchanged(outOfMemory(state, event.model, nowMs))
    case "tenant.fell-back":
      return fallBack(state, event.model, nowMs)
    case "tenant.found":
      return find(state, event.model, event.found, nowMs)
    case "eviction.ended": {
      const residence = tenantOf(state, event.model)?.residence
      const isCurrent = residence?.incarnation === event.incarnation && residence.phase === "releasing"
      if (!isCurrent || residence.endedAtMs !== undefined) return unchanged(state)
      return beginVerifying(state, event.model, nowMs)
    }
    case "request.made":
      return asked(state, event)
    case "request.ended":
      return ended(state, event.id, nowMs)
    case "reading":
      return read(state, event.reading, nowMs)
    case "readings.gone":
      return unread(state)
    case "conversation":
      return unchanged({
        ...state,
        inConversation: event.active,
        conversationEndedAtMs: state.inConversation && !event.active ? nowMs : state.conversationEndedAtMs,
      })
    case "time.passed":
      return unchanged(state)
  }
}

/** One that registers again while its former memory is not back keeps that stay. */
const registered = (state: LedgerState, spec: TenantRecord["spec"], nowMs: number): LedgerState => {
  const known = tenantOf(state, spec.model)
  if (known !== undefined) return withTenant(state, spec.model, { spec, gone: false, busy: false })
  const tenant: TenantRecord = { spec, gone: false, busy: false, usedAtMs: nowMs, restingUntilMs: {} }
  return { ...state, tenants: [...state.tenants, tenant] }
}

const unregistered = (state: LedgerState, model: string, nowMs: number): LedgerStep => {
  const tenant = tenantOf(state, model)
  if (tenant === undefined) return unchanged(state)
  const waiting = state.queue.filter(({ models }) => models.includes(model))
  const refused = waiting.reduce(
    (step, request) =>
      andThen(step, (next) => refuse(next, request, nowMs, "That model is being shut down.")),
    unchanged(state),
  )
  // What a server holds without a lease of ours is a stranger's where nobody here knows the model.
  const isHeldHere =
    tenant.residence !== undefined && !isUntouched(tenant.residence) && !isFound(tenant.residence)
  return andThen(refused, (next) => {
    const left = withTenant(next, model, { gone: true })
    return unchanged(isHeldHere ? left : vacate(left, model, nowMs))
  })
}

const busy = (state: LedgerState, model: string, isBusy: boolean, nowMs: number): LedgerState => {
  const noted = withTenant(state, model, { busy: isBusy, usedAtMs: nowMs })
  if (isBusy) return noted
  // What has to go goes after its inference.
  return withResidence(noted, model, (stay) =>
    stay.doomedAtMs === undefined ? stay : { ...stay, doomedAtMs: nowMs },
  )
}

const outOfMemory = (state: LedgerState, model: string, nowMs: number): LedgerState => {
  const tenant = tenantOf(state, model)
  if (tenant?.residence === undefined) return state
  const until = nowMs + state.settings.restMs
  const { footprintKey } = tenant.residence.variant
  return withTenant(state, model, { restingUntilMs: { ...tenant.restingUntilMs, [footprintKey]: until } })
}

const asked = (
  state: LedgerState,
  event: Extract<LedgerEvent, { readonly type: "request.made" }>,
): LedgerStep => {
  const { id, holder, nowMs } = event
  const models = [...new Set(event.models)]
  const tenants = models.map((model) => tenantOf(state, model))
  const request: RequestRecord = {
    id,
    models,
    holder,
    deadlineAtMs: nowMs + event.deadlineMs,
    holding: holder.type === "turn" && isHolding(state, holder.turnId),
    rank: Math.min(...tenants.map((tenant) => classRank[tenant?.spec.modelClass ?? "background"])),
  }
  const unknown = models.find((_, index) => tenants[index] === undefined || tenants[index].gone)
  if (unknown === undefined) return unchanged({ ...state, queue: enqueue(state.queue, request) })
  return refuse(state, request, nowMs, `The model ${unknown} is not there, so there is no memory for it.`)
}

const isHolding = (state: LedgerState, turnId: string): boolean =>
  staysIn(state).some(({ residence: { leases } }) =>
    leases.some(({ holder }) => holder.type === "turn" && holder.turnId === turnId),
  )

/** A request is given up, or the scope of its leases has ended. */
const ended = (state: LedgerState, id: string, nowMs: number): LedgerStep => {
  const queue = state.queue.filter((request) => request.id !== id)
  const left = queue.length === state.queue.length ? state : { ...state, queue }
  return staysIn(left).reduce(
    (step, { tenant, residence }) =>
      residence.leases.some(({ requestId }) => requestId === id)
        ? andThen(step, (next) => leaseEnded(next, tenant.spec.model, id, nowMs))
        : step,
    unchanged(left),
  )
}

/** The model's own lease ends when its memory is back; a turn's, when the turn does not need it any more. */
const leaseEnded = (state: LedgerState, model: string, id: string, nowMs: number): LedgerStep => {
  const residence = tenantOf(state, model)?.residence
  if (residence === undefined) return unchanged(state)
  const leases = residence.leases.filter(({ requestId }) => requestId !== id)
  const rest: Residence = { ...residence, leases }
  const isUnloaded = hasModelLease(residence) && !hasModelLease(rest)
  const next = withTenant(state, model, { residence: rest, usedAtMs: nowMs })
  if (residence.phase === "releasing") {
    return isUnloaded && residence.endedAtMs === undefined
      ? beginVerifying(next, model, nowMs)
      : unchanged(next)
  }
  if (isFound(residence)) return unchanged(next)
  if (leases.length === 0) return beginVerifying(next, model, nowMs)
  if (!isUnloaded) return unchanged(next)
  return unchanged(promiseAgain(next, model, nowMs))
}
