import type { PoolBudget, Resident, Wanted } from "../../src/machines/residency/residency-plan.ts"
import type { ModelClass, Placement } from "../../src/ports/residency.ts"

export interface ResidencyCase {
  readonly request: readonly Wanted[]
  readonly residents: readonly Resident[]
  readonly budget: Readonly<Record<Placement, PoolBudget>>
}

const CLASSES: readonly ModelClass[] = ["wake", "vad", "stt", "llm", "tts", "background"]

/**
 * A random question to the planner. Figures come from small sets as often as not, so that ties are common; `residents`
 * fixes how many there are, all idle and on the GPU (the dearest case).
 */
export const randomCase = (random: () => number, residents?: number): ResidencyCase => {
  const whole = (below: number) => Math.floor(random() * below)
  const pick = <T>(things: readonly T[], fallback: T): T => things[whole(things.length)] ?? fallback
  const coarse = random() < 0.5
  const mib = () => (coarse ? pick([0, 100, 500, 1000, 2000], 100) : whole(3000))
  const count = residents ?? whole(9)
  const isDearest = residents !== undefined
  const there = Array.from({ length: count }, (_, index): Resident => {
    const standing = random()
    return {
      model: `m${(index * 7 + 3) % 16}`,
      modelClass: pick(CLASSES, "llm"),
      placement: isDearest || random() < 0.7 ? "gpu" : "cpu",
      footprintMib: mib(),
      reloadMs: coarse ? pick([0, 100, 1000], 100) : whole(10_000),
      likelyPermille: coarse ? pick([0, 500, 1000], 500) : whole(1001),
      standing:
        isDearest || standing < 0.6
          ? "idle"
          : standing < 0.75
            ? "held"
            : standing < 0.85
              ? "pinned"
              : standing < 0.97
                ? "releasing"
                : "stuck",
    }
  })
  const wanted = Array.from({ length: isDearest ? 3 : 1 + whole(3) }, (_, index): Wanted => {
    const resident = there[whole(there.length * 3)]
    const rungs = Array.from({ length: isDearest ? 3 : 1 + whole(3) }, (__, rung) => ({
      placement: random() < 0.6 ? ("gpu" as const) : ("cpu" as const),
      footprintMib: mib(),
      lossMs: rung === 0 ? 0 : coarse ? pick([100, 1000], 100) : whole(5000),
    }))
    const isNew = resident === undefined || isDearest
    return {
      model: isNew ? `n${index}` : resident.model,
      modelClass: isNew ? pick(CLASSES, "stt") : resident.modelClass,
      rungs,
    }
  })
  const request = wanted.filter(
    ({ model }, index) => wanted.findIndex((other) => other.model === model) === index,
  )
  const pool = (): PoolBudget => {
    const nominalMib = whole(isDearest ? 14_000 : 9000)
    return { nominalMib, nowMib: random() < 0.5 ? nominalMib : whole(nominalMib + 1) }
  }
  return { request, residents: there, budget: { gpu: pool(), cpu: pool() } }
}
