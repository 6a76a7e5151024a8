import * as Effect from "effect/Effect"
import { makeResidency } from "../../src/actors/residency/residency.ts"
import { monotonicClock } from "../../src/audio/monotonic-clock.ts"
import { planResidency } from "../../src/machines/residency/residency-plan.ts"
import { randomCase } from "../../tests/support/residency-cases.ts"
import { exhaustivePlan } from "../../tests/support/residency-oracle.ts"
import { seededRandom } from "../../tests/support/seeded-random.ts"
import { SimulatedGpu } from "../../tests/support/simulated-gpu.ts"
import { simulatedReadings } from "../../tests/support/simulated-readings.ts"
import { type ResidencyCounts, SimulatedResidency } from "../../tests/support/simulated-residency.ts"
import { simulatedTenant } from "../../tests/support/simulated-tenant.ts"
import { type Bar, type Findings, measured } from "../result.ts"
import { percentile } from "../statistics.ts"
import { amount, type Target, type TargetOptions, tooFew } from "../target.ts"

const OPERATIONS_A_WORLD = 500
const MODELS = 12

/** Who may be in video memory, on a SIMULATED GPU: laws, the planner's answers and speed, swaps through the real adapter. */
export const residency: Target = async (options) => {
  const seed = Number(process.env["JETT_SEED"] ?? Date.now() % 2 ** 31)
  const parts = [await keepLaws(options, seed), await plan(options, seed), await swap(options, seed)]
  return {
    measurements: parts.flatMap(({ measurements }) => measurements),
    bars: parts.flatMap(({ bars }) => bars),
    notes: [
      `seed ${seed} (JETT_SEED repeats it); the GPU is simulated`,
      ...parts.flatMap(({ notes }) => notes),
    ],
  }
}

const bar = (what: string, found: number, limit: number, more: Partial<Bar> = {}): Bar => ({
  what,
  found,
  limit,
  sense: "at most",
  unit: "",
  indicative: false,
  ...more,
})

/** Random operations in random worlds. The first broken law of a world ends it, and is counted and noted. */
const keepLaws = async (options: TargetOptions, seed: number): Promise<Findings> => {
  const worlds = amount(options, 40, 1000) * (options.quick ? 1 : 2)
  const broken: string[] = []
  const totals: Record<string, number> = {}
  for (let world = 0; world < worlds; world++) {
    await nextTurn(options, "random worlds", world, worlds)
    const simulated = new SimulatedResidency(seed + world)
    try {
      for (let i = 0; i < OPERATIONS_A_WORLD; i++) simulated.step()
      simulated.drain()
    } catch (error) {
      broken.push(String(error))
    }
    for (const [what, count] of Object.entries(simulated.counts)) totals[what] = (totals[what] ?? 0) + count
  }
  options.progress.step("random worlds", worlds, worlds)
  const operations = totals["operations"] ?? 0
  return {
    measurements: [],
    bars: [
      bar("random operations", operations, 1_000_000, {
        sense: "at least",
        indicative: tooFew(worlds, 2000),
      }),
      bar("laws broken in them", broken.length, 0),
    ],
    notes: [`in ${worlds} worlds: ${countsText(totals)}`, ...broken.slice(0, 5)],
  }
}

const countsText = (totals: Readonly<Record<string, number>>): string => {
  const count = (what: keyof ResidencyCounts): number => totals[what] ?? 0
  return [
    `${count("events")} events`,
    `${count("grants")} grants`,
    `${count("refusals")} refusals`,
    `${count("cancels")} given up while waiting`,
    `${count("evictions")} evictions, ${count("stuckEvictions")} of them never ended in time`,
    `${count("overcommitments")} over-commitments (a game started, a footprint grew)`,
    `${count("outOfMemory")} times out of memory`,
    `${count("fallBacks")} models that fell back to the processor`,
    `${count("registrations")} registrations`,
    `${count("found")} times a server held a model already`,
    `${count("blindTimes")} times without readings`,
  ].join(", ")
}

/** The planner against the exhaustive oracle, and how long it takes for 12 idle models and a request for three more. */
const plan = async (options: TargetOptions, seed: number): Promise<Findings> => {
  const random = seededRandom(seed)
  const small = amount(options, 20, 1000) * 20
  const dear = amount(options, 1, 20)
  let differing = 0
  for (let i = 0; i < small + dear; i++) {
    if (i % 500 === 0 || i >= small) await nextTurn(options, "plans compared", i, small + dear)
    const { request, residents, budget } = i < small ? randomCase(random) : randomCase(random, MODELS)
    const asked = i < small ? request : request.slice(0, 1)
    const found = planResidency(asked, residents, budget)
    if (JSON.stringify(found) !== JSON.stringify(exhaustivePlan(asked, residents, budget))) differing++
  }
  options.progress.step("plans compared", small + dear, small + dear)
  const times: number[] = []
  const count = amount(options, 500, 1000) * 10
  for (let i = -500; i < count; i++) {
    const { request, residents, budget } = randomCase(random, MODELS)
    const fromMs = performance.now()
    planResidency(request, residents, budget)
    if (i >= 0) times.push(performance.now() - fromMs)
  }
  return {
    measurements: [
      measured(`a plan with ${MODELS} idle models, three asked for in three variants`, "ms", times),
    ],
    bars: [
      bar(`plans that differ from the exhaustive search, of ${small + dear}`, differing, 0),
      bar("a plan, p99", percentile(times, 0.99), 1, {
        unit: "ms",
        indicative: options.quick || tooFew(count, 1000),
      }),
    ],
    notes: [],
  }
}

/** Two models that do not fit together, in turns, each loaded anew: through the real ledger and its adapter. */
const swap = (options: TargetOptions, seed: number): Promise<Findings> =>
  Effect.gen(function* () {
    const swaps = amount(options, 50, 1000)
    const gpu = new SimulatedGpu({
      totalMib: 8192,
      systemMib: 600,
      seed,
      now: monotonicClock.now,
      release: { delayMs: 1, steps: 2, stepMs: 1 },
    })
    let overcommitments = 0
    const ledger = yield* makeResidency({
      clock: monotonicClock,
      readings: simulatedReadings(gpu),
      onReport: ({ type }) => {
        if (type === "overcommitted") overcommitments++
      },
    })
    const tenant = (model: string, declaredMib: number) =>
      simulatedTenant({
        residency: ledger,
        gpu,
        clock: monotonicClock,
        model,
        loadMs: 5,
        variants: [{ footprintKey: model, placement: "gpu", declaredMib, reloadMs: 5 }],
      })
    const a = yield* tenant("a", 5280)
    const b = yield* tenant("b", 4000)
    const overheads: number[] = []
    for (let i = 0; i < swaps; i++) {
      yield* Effect.promise(() => nextTurn(options, "swaps", i, swaps))
      overheads.push(yield* (i % 2 === 0 ? a : b).turn(`turn-${i}`))
    }
    options.progress.step("swaps", swaps, swaps)
    const indicative = tooFew(swaps, 1000)
    return {
      measurements: [
        measured("a swap beyond the load: eviction (2 ms of it), verifying, admission", "ms", overheads),
      ],
      bars: [
        bar("swaps", a.loads() + b.loads(), 1000, { sense: "at least", indicative }),
        bar("over-commitments in them", overcommitments, 0),
        bar("most memory in use, beyond system and the larger model", gpu.peakMib - 5880, 0, { unit: "MiB" }),
        bar("a swap beyond the load, p95", percentile(overheads, 0.95), 20, { unit: "ms", indicative }),
      ],
      notes: [],
    }
  }).pipe(Effect.scoped, Effect.runPromise)

const nextTurn = async (options: TargetOptions, what: string, done: number, total: number): Promise<void> => {
  if (done % 10 === 0) options.progress.step(what, done, total)
  options.signal.throwIfAborted()
  await new Promise((resolve) => setImmediate(resolve))
}
