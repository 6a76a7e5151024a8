import type { ModelClass, Placement } from "../../ports/residency.ts"
import { chooserOf, type EvictionCandidate, type EvictionChoice } from "./eviction-choice.ts"

/** One way to load a model that is asked for. Best first; the later ones are its ladder of degradation. */
export interface Rung {
  readonly placement: Placement
  readonly footprintMib: number
  /** What making do with it costs the user, as waiting time; 0 for the best. */
  readonly lossMs: number
}

export interface Wanted {
  readonly model: string
  readonly modelClass: ModelClass
  readonly rungs: readonly Rung[]
}

/** A model that memory is committed for. */
export interface Resident {
  readonly model: string
  readonly modelClass: ModelClass
  readonly placement: Placement
  readonly footprintMib: number
  readonly reloadMs: number
  /** The chance that it is needed soon, in thousandths. */
  readonly likelyPermille: number
  /**
   * `idle`: may be evicted. `held`: in use or being loaded, and will be idle one day. `releasing`: its memory is coming
   * back. `stuck`: it should be, but is not; nobody counts on it.
   */
  readonly standing: "idle" | "held" | "pinned" | "releasing" | "stuck"
}

export interface PoolBudget {
  /** What may be committed now. */
  readonly nowMib: number
  /** What it would be if nobody but us took memory. */
  readonly nominalMib: number
}

/** The variant for each model that is not resident yet, in the order of the request. */
export type Rungs = readonly { readonly model: string; readonly rung: number }[]

export type ResidencyPlan =
  | { readonly type: "admit"; readonly rungs: Rungs }
  /** In id order within a pool, the GPU's first. */
  | { readonly type: "evict"; readonly victims: readonly string[]; readonly rungs: Rungs }
  /** `release`: memory that is coming back is enough. `use`: models in use have to end. `foreign`: other programs. */
  | { readonly type: "wait"; readonly on: "release" | "use" | "foreign" }
  /** It would not fit if we were alone and nothing but the pinned models were there. */
  | { readonly type: "refuse" }

/** wake, vad > stt > llm > tts > background. */
export const classRank: Readonly<Record<ModelClass, number>> = {
  wake: 0,
  vad: 0,
  stt: 1,
  llm: 2,
  tts: 3,
  background: 4,
}

/** More victims of one class than this would spill into the next. */
const VICTIMS_OF_A_CLASS = 1024
const LOWEST_RANK = 4

type Pools<T> = Readonly<Record<Placement, T>>
const NOTHING: Pools<number> = { gpu: 0, cpu: 0 }

/**
 * Whether, how and at whose cost a request can be met. Pure and total; all of the request or nothing.
 *
 * A plan is a variant for each model that is not resident yet and a set of idle models to evict, so that everything
 * committed fits the budget of each pool in which the request needs memory. Of all plans the first in this order:
 * 1. the fewest victims of a class above the request's own, the highest class counted first (the request's class is the
 *    highest among the models that need memory);
 * 2. the least expected waiting of the user: the victims' reload time × the chance that they are needed soon, plus the
 *    loss of each variant that is not the best. So evicting beats degrading where it costs less than it saves;
 * 3. the least memory freed beyond what is needed;
 * 4. the better variants, compared in the order of the request;
 * 5. the set that spares the last in id order, the GPU's first.
 *
 * What is coming back already counts as free, at no cost, and is waited for. A plan that can be carried out beats
 * waiting for models in use, even a degraded one: nobody knows how long those take.
 */
export const planResidency = (
  request: readonly Wanted[],
  residents: readonly Resident[],
  budget: Pools<PoolBudget>,
): ResidencyPlan => {
  const asked = new Set(request.map(({ model }) => model))
  const isGoing = ({ standing }: Resident): boolean => standing === "releasing" || standing === "stuck"
  const isStaying = (resident: Resident): boolean => asked.has(resident.model) && !isGoing(resident)
  const staying = new Set(residents.filter(isStaying).map(({ model }) => model))
  const needed = request.filter(({ model }) => !staying.has(model))
  const going = residents.filter((resident) => asked.has(resident.model) && isGoing(resident))
  if (going.some(({ standing }) => standing === "stuck")) return { type: "wait", on: "release" }
  const rank = Math.min(LOWEST_RANK, ...needed.map(({ modelClass }) => classRank[modelClass]))

  const sum = (placement: Placement, counts: (resident: Resident) => boolean): number => {
    let mib = 0
    for (const resident of residents) {
      if (resident.placement === placement && counts(resident)) mib += resident.footprintMib
    }
    return mib
  }
  const pools = <T>(of: (placement: Placement) => T): Pools<T> => ({ gpu: of("gpu"), cpu: of("cpu") })
  const lasting = pools((placement) => sum(placement, ({ standing }) => standing !== "releasing"))
  const returning = pools((placement) => sum(placement, ({ standing }) => standing === "releasing"))
  const kept = pools((placement) => sum(placement, (one) => one.standing === "pinned" || isStaying(one)))
  const stuck = pools((placement) => sum(placement, ({ standing }) => standing === "stuck"))
  const choosers = pools((placement) =>
    chooserOf(
      residents
        .filter((one) => one.placement === placement && one.standing === "idle" && !asked.has(one.model))
        .map((one) => candidateOf(one, rank)),
    ),
  )

  let best: Found | undefined
  let fitsWithoutUse = false
  let fitsUnstuck = false
  let fitsAlone = false
  for (const variants of assignmentsOf(needed)) {
    const lossCost = variants.rungs.reduce((loss, { lossMs }) => loss + lossMs * 1000, 0)
    // Without inversions and cheaper before any eviction: nothing that comes can beat it.
    if (best?.inversion === 0 && lossCost > best.cost) continue
    const excess = (placement: Placement): number => {
      const needMib = variants.needMib[placement]
      return needMib === 0 ? 0 : lasting[placement] + needMib - budget[placement].nowMib
    }
    const gpu = choosers.gpu(excess("gpu"))
    const cpu = gpu === undefined ? undefined : choosers.cpu(excess("cpu"))
    if (gpu !== undefined && cpu !== undefined) {
      const spareMib = gpu.freedMib - Math.max(0, excess("gpu")) + cpu.freedMib - Math.max(0, excess("cpu"))
      const inversion = gpu.inversion + cpu.inversion
      const found: Found = { variants, gpu, cpu, inversion, cost: gpu.cost + cpu.cost + lossCost, spareMib }
      if (best === undefined || isBefore(found, best)) best = found
      continue
    }
    const fits = (of: "nowMib" | "nominalMib", beside: Pools<number>): boolean =>
      (["gpu", "cpu"] as const).every((placement) => {
        const needMib = variants.needMib[placement]
        return needMib === 0 || kept[placement] + beside[placement] + needMib <= budget[placement][of]
      })
    fitsWithoutUse ||= fits("nowMib", stuck)
    fitsUnstuck ||= fits("nowMib", NOTHING)
    fitsAlone ||= fits("nominalMib", NOTHING)
  }

  if (best === undefined) {
    if (fitsWithoutUse) return { type: "wait", on: "use" }
    if (fitsUnstuck) return { type: "wait", on: "release" }
    return fitsAlone ? { type: "wait", on: "foreign" } : { type: "refuse" }
  }
  const { variants, gpu, cpu } = best
  const rungs = needed.map(({ model }, index) => ({ model, rung: variants.indexes[index] ?? 0 }))
  const victims = [...gpu.victims, ...cpu.victims]
  if (victims.length > 0) return { type: "evict", victims, rungs }
  const fitsNow = (["gpu", "cpu"] as const).every((placement) => {
    const needMib = variants.needMib[placement]
    return needMib === 0 || lasting[placement] + returning[placement] + needMib <= budget[placement].nowMib
  })
  return fitsNow && going.length === 0 ? { type: "admit", rungs } : { type: "wait", on: "release" }
}

interface Found {
  readonly variants: Assignment
  readonly gpu: EvictionChoice
  readonly cpu: EvictionChoice
  readonly inversion: number
  readonly cost: number
  readonly spareMib: number
}

/** The pools are independent and every part of the order adds up, so the best of each pool make the best of both. */
const isBefore = (a: Found, b: Found): boolean => {
  if (a.inversion !== b.inversion) return a.inversion < b.inversion
  if (a.cost !== b.cost) return a.cost < b.cost
  return a.spareMib < b.spareMib
}

export const candidateOf = (resident: Resident, rank: number): EvictionCandidate => {
  const above = rank - classRank[resident.modelClass]
  return {
    model: resident.model,
    footprintMib: resident.footprintMib,
    inversion: above <= 0 ? 0 : VICTIMS_OF_A_CLASS ** (above - 1),
    cost: resident.reloadMs * resident.likelyPermille,
  }
}

interface Assignment {
  readonly indexes: readonly number[]
  readonly rungs: readonly Rung[]
  readonly needMib: Pools<number>
}

/** Every choice of one variant for each model, the better ones of the first models first. */
const assignmentsOf = (needed: readonly Wanted[]): readonly Assignment[] => {
  let found: readonly Assignment[] = [{ indexes: [], rungs: [], needMib: { gpu: 0, cpu: 0 } }]
  for (const { rungs } of needed) {
    found = found.flatMap((before) =>
      rungs.map((rung, index) => ({
        indexes: [...before.indexes, index],
        rungs: [...before.rungs, rung],
        needMib: {
          ...before.needMib,
          [rung.placement]: before.needMib[rung.placement] + rung.footprintMib,
        },
      })),
    )
  }
  return found
}
