import { describe, expect, it } from "vitest"
import { planResidency, type Resident, type Wanted } from "../../../src/machines/residency/residency-plan.ts"
import { randomCase } from "../../support/residency-cases.ts"
import { exhaustivePlan } from "../../support/residency-oracle.ts"
import { seededRandom } from "../../support/seeded-random.ts"

const pool = (nowMib: number, nominalMib = nowMib) => ({ nowMib, nominalMib })
const budget = { gpu: pool(7020), cpu: pool(2000) }

const resident = (model: string, more: Partial<Resident> = {}): Resident => ({
  model,
  modelClass: "llm",
  placement: "gpu",
  footprintMib: 1000,
  reloadMs: 1000,
  likelyPermille: 1000,
  standing: "idle",
  ...more,
})
const stt = resident("stt", { modelClass: "stt", footprintMib: 1080 })
const llm = resident("llm", { footprintMib: 5280, reloadMs: 8000 })
const tts = resident("tts", { modelClass: "tts", footprintMib: 360, reloadMs: 900 })

const wanted = (model: string, more: Partial<Wanted> = {}): Wanted => ({
  model,
  modelClass: "llm",
  rungs: [{ placement: "gpu", footprintMib: 1000, lossMs: 0 }],
  ...more,
})
const onGpuOrCpu = (footprintMib: number, lossMs: number) => [
  { placement: "gpu" as const, footprintMib, lossMs: 0 },
  { placement: "cpu" as const, footprintMib: 300, lossMs },
]

describe("the residency planner", () => {
  it("answers as an exhaustive search does, on random cases", () => {
    const seed = Number(process.env["JETT_SEED"] ?? Date.now() % 2 ** 31)
    const random = seededRandom(seed)
    for (let i = 0; i < 2500; i++) {
      const { request, residents, budget: pools } = randomCase(random)
      const plan = planResidency(request, residents, pools)
      const about = `seed ${seed}, case ${i}: ${JSON.stringify({ request, residents, pools })}`
      expect(plan, about).toEqual(exhaustivePlan(request, residents, pools))
    }
  })

  it("answers as an exhaustive search does where there are twelve idle models", () => {
    const seed = Number(process.env["JETT_SEED"] ?? Date.now() % 2 ** 31)
    const random = seededRandom(seed)
    for (let i = 0; i < 3; i++) {
      const { request, residents, budget: pools } = randomCase(random, 12)
      const one = request.slice(0, 1)
      expect(planResidency(one, residents, pools), `seed ${seed}, case ${i}`).toEqual(
        exhaustivePlan(one, residents, pools),
      )
    }
  })

  it("admits the prototype's three models together", () => {
    const set = [
      wanted("stt", { rungs: onGpuOrCpu(1080, 1500) }),
      wanted("llm", { rungs: onGpuOrCpu(5280, 20_000) }),
    ]
    expect(planResidency(set, [tts], budget)).toEqual({
      type: "admit",
      rungs: [
        { model: "stt", rung: 0 },
        { model: "llm", rung: 0 },
      ],
    })
  })

  it("climbs down the ladder as another program takes more and more", () => {
    const set = [
      wanted("stt", { modelClass: "stt", rungs: onGpuOrCpu(1080, 1500) }),
      wanted("llm", {
        rungs: [
          { placement: "gpu", footprintMib: 5280, lossMs: 0 },
          { placement: "gpu", footprintMib: 2000, lossMs: 20_000 },
        ],
      }),
      wanted("tts", { modelClass: "tts", rungs: onGpuOrCpu(360, 500) }),
    ]
    const rungsAt = (mib: number) => {
      const plan = planResidency(set, [], { gpu: pool(mib, 7020), cpu: pool(2000) })
      return plan.type === "admit" ? plan.rungs.map(({ rung }) => rung).join("") : plan
    }
    expect(rungsAt(6720)).toBe("000")
    expect(rungsAt(6400)).toBe("001")
    expect(rungsAt(5700)).toBe("100")
    expect(rungsAt(5300)).toBe("101")
    expect(rungsAt(5000)).toBe("010")
    expect(rungsAt(2000)).toBe("111")
    expect(rungsAt(1999)).toEqual({ type: "wait", on: "foreign" })
  })

  it("evicts rather than degrades only where that costs less waiting", () => {
    const other = resident("other", { footprintMib: 6000, likelyPermille: 100, reloadMs: 8000 })
    const request = (lossMs: number) => [
      wanted("stt", { modelClass: "stt", rungs: onGpuOrCpu(1080, lossMs) }),
    ]
    expect(planResidency(request(801), [other], budget)).toMatchObject({ type: "evict", victims: ["other"] })
    expect(planResidency(request(799), [other], budget)).toEqual({
      type: "admit",
      rungs: [{ model: "stt", rung: 1 }],
    })
  })

  it("degrades, whatever it costs, rather than evict a higher class, and evicts it rather than refuse", () => {
    const residents = [{ ...stt, footprintMib: 7000, likelyPermille: 1 }]
    const dear = [wanted("tts", { modelClass: "tts", rungs: onGpuOrCpu(360, 60_000) })]
    expect(planResidency(dear, residents, budget)).toMatchObject({ type: "admit", rungs: [{ rung: 1 }] })
    expect(planResidency([wanted("tts", { modelClass: "tts" })], residents, budget)).toMatchObject({
      victims: ["stt"],
    })
  })

  it("never evicts what is in use, pinned or on its way out, and says what it waits for", () => {
    const request = [wanted("other", { rungs: [{ placement: "gpu", footprintMib: 6000, lossMs: 0 }] })]
    const plan = (standing: Resident["standing"]) => planResidency(request, [{ ...llm, standing }], budget)
    expect(plan("idle")).toMatchObject({ type: "evict", victims: ["llm"] })
    expect(plan("held")).toEqual({ type: "wait", on: "use" })
    expect(plan("releasing")).toEqual({ type: "wait", on: "release" })
    expect(plan("pinned")).toEqual({ type: "refuse" })
    expect(plan("stuck")).toEqual({ type: "wait", on: "release" })
  })

  it("tells what could never fit from what other programs keep away", () => {
    const request = [wanted("big", { rungs: [{ placement: "gpu", footprintMib: 7000, lossMs: 0 }] })]
    expect(planResidency(request, [], { gpu: pool(5000, 7020), cpu: pool(0) })).toEqual({
      type: "wait",
      on: "foreign",
    })
    expect(planResidency(request, [], { gpu: pool(5000, 6000), cpu: pool(0) })).toEqual({ type: "refuse" })
  })

  it("chooses greedily, and no more than is needed, among more than twelve", () => {
    const many = Array.from({ length: 20 }, (_, i) =>
      resident(`m${String(i).padStart(2, "0")}`, { footprintMib: 350, reloadMs: 1000 + i }),
    )
    const request = [wanted("new", { rungs: [{ placement: "gpu", footprintMib: 700, lossMs: 0 }] })]
    expect(planResidency(request, many, budget)).toMatchObject({ type: "evict", victims: ["m00", "m01"] })
  })
})
