/** A resident that may go, and what that costs. */
export interface EvictionCandidate {
  readonly model: string
  readonly footprintMib: number
  /** How far its eviction goes against the classes' order; sums compare before costs do. */
  readonly inversion: number
  /** Expected waiting for its reload: ms × the chance, in thousandths, that it is needed soon. */
  readonly cost: number
}

export interface EvictionChoice {
  /** In id order. */
  readonly victims: readonly string[]
  readonly inversion: number
  readonly cost: number
  readonly freedMib: number
}

/** Up to so many candidates every subset is looked at (4,096). */
const EXACT_CANDIDATES = 12

const NOBODY: EvictionChoice = { victims: [], inversion: 0, cost: 0, freedMib: 0 }

/**
 * The best set of victims that frees a number of MiB, in one pool of memory: least inversion, then least cost, then
 * least freed, then the set that spares the last in id order of those in which two sets differ. Undefined where even
 * all of them free too little. Exact up to 12 candidates. Beyond that a greedy choice: the least inversion first, then
 * the least cost for each MiB, until it is enough; then, dearest first, whatever is not needed after all stays.
 */
export const chooserOf = (
  candidates: readonly EvictionCandidate[],
): ((neededMib: number) => EvictionChoice | undefined) => {
  const ordered = candidates.toSorted((a, b) => (a.model < b.model ? -1 : a.model > b.model ? 1 : 0))
  const everythingMib = ordered.reduce((sum, { footprintMib }) => sum + footprintMib, 0)
  const known = new Map<number, EvictionChoice>()
  let choose: ((neededMib: number) => EvictionChoice) | undefined
  return (neededMib) => {
    if (neededMib <= 0) return NOBODY
    if (neededMib > everythingMib) return undefined
    const before = known.get(neededMib)
    if (before !== undefined) return before
    choose ??= ordered.length <= EXACT_CANDIDATES ? exactChooser(ordered) : greedyChooser(ordered)
    const choice = choose(neededMib)
    known.set(neededMib, choice)
    return choice
  }
}

/** Bit `i` of a subset's number stands for candidate `i`: a set's sums are those of the set without its lowest bit, plus that one's. */
const exactChooser = (candidates: readonly EvictionCandidate[]): ((neededMib: number) => EvictionChoice) => {
  const subsets = 2 ** candidates.length
  const inversions = new Float64Array(subsets)
  const costs = new Float64Array(subsets)
  const freed = new Float64Array(subsets)
  for (const [bit, { inversion, cost, footprintMib }] of candidates.entries()) {
    const first = 2 ** bit
    for (let rest = 0; rest < first; rest++) {
      inversions[first + rest] = (inversions[rest] ?? 0) + inversion
      costs[first + rest] = (costs[rest] ?? 0) + cost
      freed[first + rest] = (freed[rest] ?? 0) + footprintMib
    }
  }
  return (neededMib) => {
    let best = subsets - 1
    let inversion = inversions[best] ?? 0
    let cost = costs[best] ?? 0
    let freedMib = freed[best] ?? 0
    // Downwards, so that of equals the lowest number stays: it lacks the highest bit in which they differ.
    for (let subset = subsets - 2; subset > 0; subset--) {
      const free = freed[subset] ?? 0
      if (free < neededMib) continue
      const against = inversions[subset] ?? 0
      if (against > inversion) continue
      const price = costs[subset] ?? 0
      if (against === inversion && (price > cost || (price === cost && free > freedMib))) continue
      best = subset
      inversion = against
      cost = price
      freedMib = free
    }
    const victims = candidates.filter((_, bit) => (best & (1 << bit)) !== 0).map(({ model }) => model)
    return { victims, inversion, cost, freedMib }
  }
}

const greedyChooser = (candidates: readonly EvictionCandidate[]): ((neededMib: number) => EvictionChoice) => {
  const cheapestFirst = candidates
    .filter(({ footprintMib }) => footprintMib > 0)
    .toSorted((a, b) => a.inversion - b.inversion || a.cost / a.footprintMib - b.cost / b.footprintMib)
  return (neededMib) => {
    const taken = new Set<EvictionCandidate>()
    let freedMib = 0
    for (const candidate of cheapestFirst) {
      if (freedMib >= neededMib) break
      taken.add(candidate)
      freedMib += candidate.footprintMib
    }
    const dearestFirst = [...taken].toSorted((a, b) => b.inversion - a.inversion || b.cost - a.cost)
    for (const candidate of dearestFirst) {
      if (freedMib - candidate.footprintMib < neededMib) continue
      taken.delete(candidate)
      freedMib -= candidate.footprintMib
    }
    const victims = candidates.filter((candidate) => taken.has(candidate))
    return {
      victims: victims.map(({ model }) => model),
      inversion: victims.reduce((sum, { inversion }) => sum + inversion, 0),
      cost: victims.reduce((sum, { cost }) => sum + cost, 0),
      freedMib,
    }
  }
}
