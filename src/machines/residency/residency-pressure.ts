import type { Placement } from "../../ports/residency.ts"
import { chooserOf } from "./eviction-choice.ts"
import {
  budgetOf,
  committedMib,
  footprintIn,
  isIdle,
  isUntouched,
  likelyPermille,
  PLACEMENTS,
  type Stay,
  staysIn,
} from "./residency-accounts.ts"
import { candidateOf } from "./residency-plan.ts"
import { isResting } from "./residency-queue.ts"
import { andThen, evict, report, unchanged, vacate, withResidence } from "./residency-steps.ts"
import type { LedgerState, LedgerStep } from "./residency-types.ts"

/** Below every class: no eviction is against the order then, only dear or cheap. */
const ANY_RANK = 4

/**
 * Gives back what is committed beyond a budget that shrank or was misjudged: what is only promised or idle at once, the
 * least loss first; where that is not enough, what is in use, each after its inference or at the end of its grace.
 */
export const relieve = (state: LedgerState, nowMs: number): LedgerStep =>
  PLACEMENTS.reduce(
    (step, placement) => andThen(step, (next) => relievePool(next, placement, nowMs)),
    unchanged(state),
  )

const relievePool = (state: LedgerState, placement: Placement, nowMs: number): LedgerStep => {
  const budgetMib = budgetOf(state, placement).nowMib
  const stays = staysIn(state, placement)
  const lasting = stays.filter(({ residence }) => residence.phase !== "releasing" || residence.stuck === true)
  const excessMib = mibOf(lasting) - budgetMib
  const told = tellPool(state, placement, committedMib(state, placement) - budgetMib, nowMs)
  if (excessMib <= 0) return andThen(told, (next) => unchanged(pardon(next, stays)))

  const candidatesOf = (of: readonly Stay[]) =>
    of.map(({ tenant, residence }) =>
      candidateOf(
        {
          model: tenant.spec.model,
          modelClass: tenant.spec.modelClass,
          placement,
          footprintMib: residence.footprintMib,
          reloadMs: isUntouched(residence) ? 0 : residence.variant.reloadMs,
          likelyPermille: likelyPermille(state, tenant, nowMs),
          standing: "idle",
        },
        ANY_RANK,
      ),
    )
  const free = lasting.filter((stay) => isIdle(stay) || isUntouched(stay.residence))
  const inUse = lasting.filter(
    (stay) =>
      !free.includes(stay) &&
      stay.residence.phase !== "releasing" &&
      !stay.tenant.spec.pinned &&
      !stay.tenant.gone,
  )
  const choose = (among: readonly Stay[], neededMib: number): readonly string[] =>
    chooserOf(candidatesOf(among))(neededMib)?.victims ?? among.map(({ tenant }) => tenant.spec.model)
  const now = choose(free, excessMib)
  // Whoever has to go keeps its deadline: a better choice at every turn would put the end of all of them off.
  const condemned = inUse.filter(({ residence }) => residence.doomedAtMs !== undefined)
  const others = inUse.filter(({ residence }) => residence.doomedAtMs === undefined)
  const stillMib = excessMib - mibOf(free)
  const later = [...choose(condemned, stillMib), ...choose(others, stillMib - mibOf(condemned))]

  const freed = free
    .filter(({ tenant }) => now.includes(tenant.spec.model))
    .reduce((step, { tenant: { spec }, residence }) => {
      if (isUntouched(residence)) return andThen(step, (next) => unchanged(vacate(next, spec.model, nowMs)))
      return andThen(step, (next) =>
        evict(next, { model: spec.model, why: "overcommitted", force: false, nowMs }),
      )
    }, told)
  const spared = lasting.filter(({ tenant }) => !later.includes(tenant.spec.model))
  const doomed = inUse.filter(({ tenant }) => later.includes(tenant.spec.model))
  return doomed.reduce(
    (step, stay) => andThen(step, (next) => doom(next, stay, nowMs)),
    andThen(freed, (next) => unchanged(pardon(next, spared))),
  )
}

const mibOf = (stays: readonly Stay[]): number =>
  stays.reduce((sum, { residence }) => sum + residence.footprintMib, 0)

const doom = (state: LedgerState, { tenant, residence }: Stay, nowMs: number): LedgerStep => {
  const { model } = tenant.spec
  const doomedAtMs = residence.doomedAtMs ?? nowMs + state.settings.graceMs
  if (nowMs < doomedAtMs) {
    if (residence.doomedAtMs !== undefined) return unchanged(state)
    return unchanged(withResidence(state, model, (stay) => ({ ...stay, doomedAtMs })))
  }
  return evict(state, {
    model,
    why: "overcommitted",
    force: tenant.busy || residence.phase === "committed",
    nowMs,
  })
}

const pardon = (state: LedgerState, stays: readonly Stay[]): LedgerState =>
  stays.reduce(
    (next, { tenant, residence }) =>
      residence.doomedAtMs === undefined
        ? next
        : withResidence(next, tenant.spec.model, ({ doomedAtMs: _, ...stay }) => stay),
    state,
  )

/** Reports once when a pool gets over its budget, and once when it is back. */
const tellPool = (state: LedgerState, placement: Placement, overMib: number, nowMs: number): LedgerStep => {
  const sinceMs = state.overcommittedSinceMs[placement]
  if (overMib > 0 && sinceMs === undefined) {
    return {
      state: { ...state, overcommittedSinceMs: { ...state.overcommittedSinceMs, [placement]: nowMs } },
      commands: [report({ type: "overcommitted", placement, byMib: overMib, atMs: nowMs })],
    }
  }
  if (overMib > 0 || sinceMs === undefined) return unchanged(state)
  const { [placement]: _, ...others } = state.overcommittedSinceMs
  return {
    state: { ...state, overcommittedSinceMs: others },
    commands: [report({ type: "within-budget", placement, afterMs: nowMs - sinceMs, atMs: nowMs })],
  }
}

/** An eviction that is overdue is forced; one that is overdue again is reported, and its memory written off until it is back. */
export const chase = (state: LedgerState, nowMs: number): LedgerStep =>
  staysIn(state).reduce((step, { tenant, residence }) => {
    const { model } = tenant.spec
    const dueMs = chaseAtMs(state, { tenant, residence })
    if (dueMs === undefined || nowMs < dueMs) return step
    if (residence.forced !== true) {
      return andThen(step, (next) => evict(next, { model, why: "overdue", force: true, nowMs }))
    }
    const { footprintMib } = residence
    return andThen(step, (next) => ({
      state: withResidence(next, model, (stay) => ({ ...stay, stuck: true })),
      commands: [report({ type: "eviction-stuck", model, footprintMib, atMs: nowMs })],
    }))
  }, unchanged(state))

export const chaseAtMs = (state: LedgerState, { residence }: Stay): number | undefined => {
  const { releasingSinceMs, endedAtMs, stuck } = residence
  if (releasingSinceMs === undefined || endedAtMs !== undefined || stuck === true) return undefined
  return releasingSinceMs + state.settings.evictMs
}

/** When a model that nobody uses is to be unloaded: never in a conversation, nor if it is cheap to keep. */
export const unloadAtMs = (state: LedgerState, stay: Stay): number | undefined => {
  const { tenant, residence } = stay
  const afterMs = state.settings.unloadAfterMs[tenant.spec.modelClass]
  if (afterMs === undefined || state.inConversation || residence.footprintMib <= state.settings.keepMib) {
    return undefined
  }
  return isIdle(stay) ? Math.max(tenant.usedAtMs, state.conversationEndedAtMs) + afterMs : undefined
}

/** When a degraded model is to be unloaded, so that it is next loaded with the better variant that fits again. */
export const upgradeAtMs = (state: LedgerState, stay: Stay): number | undefined => {
  const { betterSinceMs } = stay.residence
  if (betterSinceMs === undefined || state.inConversation || state.queue.length > 0) return undefined
  return isIdle(stay) ? betterSinceMs + state.settings.upgradeMs : undefined
}

/** Unloads what was idle for long, and what would be loaded better. */
export const tidy = (state: LedgerState, nowMs: number): LedgerStep =>
  staysIn(state).reduce((step, before) => {
    const { model } = before.tenant.spec
    const noted = noteBetter(step.state, before, nowMs)
    const stay = staysIn(noted).find(({ tenant }) => tenant.spec.model === model)
    if (stay === undefined) return step
    const next = { state: noted, commands: step.commands }
    const isDue = (atMs: number | undefined): boolean => atMs !== undefined && nowMs >= atMs
    if (isDue(unloadAtMs(noted, stay))) {
      return andThen(next, (to) => evict(to, { model, why: "idle", force: false, nowMs }))
    }
    if (isDue(upgradeAtMs(noted, stay))) {
      return andThen(next, (to) => evict(to, { model, why: "better-variant", force: false, nowMs }))
    }
    return next
  }, unchanged(state))

/** A few MiB more than when a variant did not fit are no reason to try again: readings move by as much. */
const ROOMIER_MIB = 64

const noteBetter = (state: LedgerState, { tenant, residence }: Stay, nowMs: number): LedgerState => {
  if (residence.rung === 0 || residence.phase !== "loaded") return state
  const isBetter = tenant.spec.variants.slice(0, residence.rung).some((variant, rung) => {
    const { placement } = variant
    const ownMib = placement === residence.variant.placement ? residence.footprintMib : 0
    const freeMib = budgetOf(state, placement).nowMib - committedMib(state, placement) + ownMib
    const tightMib = tenant.tooTightMib?.[variant.footprintKey] ?? Number.NEGATIVE_INFINITY
    const isRoomier = freeMib >= tightMib + ROOMIER_MIB
    return footprintIn(state, variant).committedMib <= freeMib && isRoomier && !isResting(tenant, rung, nowMs)
  })
  if (isBetter === (residence.betterSinceMs !== undefined)) return state
  const betterSinceMs = isBetter ? nowMs : undefined
  return withResidence(state, tenant.spec.model, (stay) => ({ ...stay, betterSinceMs }))
}
