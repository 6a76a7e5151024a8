import type {
  PoolBudget,
  ResidencyPlan,
  Resident,
  Rungs,
  Wanted,
} from "../../src/machines/residency/residency-plan.ts"
import type { ModelClass, Placement } from "../../src/ports/residency.ts"

/**
 * What `planResidency` has to answer, by trying every set of residents with every choice of variants and comparing
 * what is valid by the definition. Shares no code with the planner, knows no short cut, and is slow.
 */
export const exhaustivePlan = (
  request: readonly Wanted[],
  residents: readonly Resident[],
  budget: Readonly<Record<Placement, PoolBudget>>,
): ResidencyPlan => {
  const isAsked = (model: string) => request.some((wanted) => wanted.model === model)
  const isThere = (model: string) =>
    residents.some((one) => one.model === model && one.standing !== "releasing" && one.standing !== "stuck")
  const newcomers = request.filter(({ model }) => !isThere(model))
  if (residents.some((one) => isAsked(one.model) && one.standing === "stuck"))
    return { type: "wait", on: "release" }

  const byId = [...residents].sort((a, b) => (a.model < b.model ? -1 : 1))
  let best: Candidate | undefined
  for (const choice of choicesOf(newcomers)) {
    for (let set = 0; set < 2 ** byId.length; set++) {
      const victims = byId.filter((_, bit) => Math.floor(set / 2 ** bit) % 2 === 1)
      if (victims.some((one) => one.standing !== "idle" || isAsked(one.model))) continue
      const staying = byId.filter((one) => !victims.includes(one) && one.standing !== "releasing")
      if (!fits(staying, newcomers, choice, budget, "nowMib")) continue
      const candidate = { choice, victims, key: keyOf(newcomers, choice, byId, victims, budget) }
      if (best === undefined || compare(candidate.key, best.key) < 0) best = candidate
    }
  }
  if (best !== undefined) {
    const { choice, victims } = best
    const rungs: Rungs = newcomers.map(({ model }, index) => ({ model, rung: choice[index] ?? 0 }))
    if (victims.length > 0) {
      const ofPool = (pool: Placement) =>
        victims.filter((one) => one.placement === pool).map(({ model }) => model)
      return { type: "evict", victims: [...ofPool("gpu"), ...ofPool("cpu")], rungs }
    }
    const isLeaving = residents.some((one) => isAsked(one.model) && one.standing === "releasing")
    if (isLeaving || !fits(byId, newcomers, choice, budget, "nowMib")) return { type: "wait", on: "release" }
    return { type: "admit", rungs }
  }
  const couldFit = (when: keyof PoolBudget, standings: readonly Resident["standing"][]) => {
    const lasting = byId.filter(
      (one) => standings.includes(one.standing) || (isAsked(one.model) && one.standing !== "releasing"),
    )
    return choicesOf(newcomers).some((choice) => fits(lasting, newcomers, choice, budget, when))
  }
  if (couldFit("nowMib", ["pinned", "stuck"])) return { type: "wait", on: "use" }
  if (couldFit("nowMib", ["pinned"])) return { type: "wait", on: "release" }
  return couldFit("nominalMib", ["pinned"]) ? { type: "wait", on: "foreign" } : { type: "refuse" }
}

interface Candidate {
  readonly choice: readonly number[]
  readonly victims: readonly Resident[]
  readonly key: readonly number[]
}

const POOLS: readonly Placement[] = ["gpu", "cpu"]
const CLASSES: readonly (readonly ModelClass[])[] = [
  ["wake", "vad"],
  ["stt"],
  ["llm"],
  ["tts"],
  ["background"],
]
const rankOf = (modelClass: ModelClass) => CLASSES.findIndex((classes) => classes.includes(modelClass))

const choicesOf = (wanted: readonly Wanted[]): readonly (readonly number[])[] => {
  const [first, ...others] = wanted
  if (first === undefined) return [[]]
  const rest = choicesOf(others)
  return first.rungs.flatMap((_, rung) => rest.map((choice) => [rung, ...choice]))
}

const neededIn = (pool: Placement, wanted: readonly Wanted[], choice: readonly number[]): number =>
  wanted.reduce((sum, { rungs }, index) => {
    const rung = rungs[choice[index] ?? 0]
    return rung?.placement === pool ? sum + rung.footprintMib : sum
  }, 0)

const heldIn = (pool: Placement, residents: readonly Resident[]): number =>
  residents
    .filter(({ placement }) => placement === pool)
    .reduce((sum, { footprintMib }) => sum + footprintMib, 0)

const fits = (
  staying: readonly Resident[],
  wanted: readonly Wanted[],
  choice: readonly number[],
  budget: Readonly<Record<Placement, PoolBudget>>,
  when: keyof PoolBudget,
): boolean =>
  POOLS.every((pool) => {
    const neededMib = neededIn(pool, wanted, choice)
    return neededMib === 0 || heldIn(pool, staying) + neededMib <= budget[pool][when]
  })

/** The parts of the order, most important first; the smaller wins. */
const keyOf = (
  wanted: readonly Wanted[],
  choice: readonly number[],
  byId: readonly Resident[],
  victims: readonly Resident[],
  budget: Readonly<Record<Placement, PoolBudget>>,
): readonly number[] => {
  const own = Math.min(...wanted.map(({ modelClass }) => rankOf(modelClass)))
  const higher = CLASSES.slice(0, Math.max(0, own)).map(
    (classes) => victims.filter(({ modelClass }) => classes.includes(modelClass)).length,
  )
  const reloads = victims.reduce((sum, one) => sum + one.reloadMs * one.likelyPermille, 0)
  const losses = wanted.reduce(
    (sum, { rungs }, index) => sum + 1000 * (rungs[choice[index] ?? 0]?.lossMs ?? 0),
    0,
  )
  const spare = POOLS.map((pool) => {
    const neededMib = neededIn(pool, wanted, choice)
    const heldMib = heldIn(
      pool,
      byId.filter(({ standing }) => standing !== "releasing"),
    )
    const missingMib = neededMib === 0 ? 0 : Math.max(0, heldMib + neededMib - budget[pool].nowMib)
    return heldIn(pool, victims) - missingMib
  }).reduce((sum, mib) => sum + mib, 0)
  const sets = POOLS.flatMap((pool) =>
    [...byId].reverse().map((one) => (one.placement === pool && victims.includes(one) ? 1 : 0)),
  )
  return [...higher, reloads + losses, spare, ...choice, ...sets]
}

const compare = (a: readonly number[], b: readonly number[]): number => {
  for (const [index, value] of a.entries()) {
    const difference = value - (b[index] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
