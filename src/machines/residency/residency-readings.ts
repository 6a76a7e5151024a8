import type { MemoryReading } from "../../ports/readings.ts"
import { withSample } from "./footprint-trust.ts"
import { budgetOf, foreignIn, staysIn, takenMib, tenantOf } from "./residency-accounts.ts"
import { andThen, LOOK_AGAIN_MS, recount, unchanged, vacate, withResidence } from "./residency-steps.ts"
import type { LedgerState, LedgerStep, Residence } from "./residency-types.ts"

/** Whether memory is back does not depend on the last few MiB. */
const BACK_MIB = 64

/** A reading that was made before our own memory last moved says nothing. */
export const read = (state: LedgerState, reading: MemoryReading, nowMs: number): LedgerStep => {
  if (reading.atMs < state.movedAtMs) return unchanged(state)
  const verified = verify({ ...state, reading }, reading, nowMs)
  const measured = measure(verified, reading)
  return andThen(measured, (next) =>
    unchanged({
      ...next,
      foreignMib: foreignIn(next, reading),
      movedAtMs: state.movedAtMs,
      movesRead: next.moves,
    }),
  )
}

/**
 * There is nothing to go by but the declared figures: what others were seen to use is not known any more. A load that
 * waits for its second reading is taken at its engine's word, since a reading much later says little about it.
 */
export const unread = (state: LedgerState): LedgerStep => {
  const blind: LedgerState = { ...state, reading: undefined, foreignMib: 0 }
  return staysIn(state, "gpu").reduce((step, { tenant, residence }) => {
    const { model } = tenant.spec
    if (residence.before === undefined) return step
    if (residence.loadedAtMs !== undefined)
      return andThen(step, (next) => learn(next, model, residence.toldMib ?? 0))
    return andThen(step, (next) =>
      unchanged(withResidence(next, model, ({ before: _, ...rest }): Residence => rest)),
    )
  }, unchanged(blind))
}

/**
 * Ends the stays whose memory the reading shows to be back. What others use is taken to be what it was, and what is still
 * loading to have nothing yet: it could hide what an unloading has not given back.
 */
const verify = (state: LedgerState, reading: MemoryReading, nowMs: number): LedgerState => {
  const ended = staysIn(state, "gpu").filter(({ residence }) => residence.endedAtMs !== undefined)
  if (ended.length === 0) return state
  let expectedMib = state.settings.reserveMib + state.foreignMib
  for (const { residence } of staysIn(state, "gpu")) {
    if (residence.phase === "loaded") expectedMib += takenMib(residence)
  }
  if (reading.usedMib > expectedMib + BACK_MIB) return state
  return ended.reduce((next, { tenant }) => vacate(next, tenant.spec.model, nowMs), state)
}

/**
 * A load is measured by what was used before and after it, if nothing else that is ours moved in between. No sample is
 * larger than all that we may ever use: another program's allocation during a load must not shut the model out for good.
 */
const measure = (state: LedgerState, reading: MemoryReading): LedgerStep => {
  const measurable = staysIn(state, "gpu").filter(
    ({ residence }) => residence.before !== undefined && residence.loadedAtMs !== undefined,
  )
  return measurable.reduce((step, { tenant, residence }) => {
    const { before, toldMib } = residence
    const undisturbed = before !== undefined && before.moves === state.moves
    const grownMib = undisturbed ? reading.usedMib - before.usedMib : 0
    const sampleMib = Math.max(grownMib, toldMib ?? 0)
    return andThen(step, (next) => learn(next, tenant.spec.model, sampleMib))
  }, unchanged(state))
}

/** Keeps what a model was measured to take; nothing where that is no figure. */
export const learn = (state: LedgerState, model: string, foundMib: number): LedgerStep => {
  const residence = tenantOf(state, model)?.residence
  if (residence === undefined) return unchanged(state)
  const settled = withResidence(state, model, ({ before: _, ...rest }): Residence => rest)
  const sampleMib = Math.ceil(Math.min(foundMib, budgetOf(state, residence.variant.placement).nominalMib))
  if (!(sampleMib > 0)) return unchanged(settled)
  const key = residence.variant.footprintKey
  const samplesMib = withSample(state.footprints[key], sampleMib)
  const seen = withResidence(settled, model, (stay) => ({ ...stay, visibleMib: sampleMib }))
  return {
    state: recount({ ...seen, footprints: { ...state.footprints, [key]: samplesMib } }),
    commands: [{ type: "footprint.learned", key, samplesMib }],
  }
}

/** Gives up on readings that never confirm a release: what is left then counts as used by others. */
export const settleLate = (state: LedgerState, nowMs: number): LedgerStep => {
  const verifying = staysIn(state, "gpu").filter(({ residence }) => residence.endedAtMs !== undefined)
  if (verifying.length === 0) return unchanged(state)
  const { verifyMs } = state.settings
  const late = verifying.filter(({ residence }) => (residence.endedAtMs ?? nowMs) + verifyMs <= nowMs)
  if (late.length > 0) {
    const { reading } = state
    const vacated = late.reduce((next, { tenant }) => vacate(next, tenant.spec.model, nowMs), state)
    const looking = { ...vacated, lookAtMs: nowMs + LOOK_AGAIN_MS }
    const command = { type: "look" } as const
    if (reading === undefined) return { state: looking, commands: [command] }
    if (reading.atMs < state.movedAtMs) {
      // Something of ours moved since: until the next reading all of it may be left.
      const leftMib = late.reduce((sum, { residence }) => sum + takenMib(residence), 0)
      return { state: { ...looking, foreignMib: state.foreignMib + leftMib }, commands: [command] }
    }
    const foreignMib = foreignIn(looking, reading)
    return { state: { ...looking, foreignMib, movedAtMs: state.movedAtMs }, commands: [command] }
  }
  if (nowMs < state.lookAtMs) return unchanged(state)
  return { state: { ...state, lookAtMs: nowMs + LOOK_AGAIN_MS }, commands: [{ type: "look" }] }
}
