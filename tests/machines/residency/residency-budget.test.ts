import { expect, test } from "vitest"
import { planBudget } from "../../../src/machines/residency/residency-budget.ts"
import type { TenantSpec } from "../../../src/machines/residency/residency-types.ts"
import type { ModelClass } from "../../../src/ports/residency.ts"

/** A model that takes `gpuMib` on the GPU or, where that is given, `cpuMib` on the processor. */
const tenant = (model: ModelClass, gpuMib: number, cpuMib?: number): TenantSpec => ({
  model,
  modelClass: model,
  pinned: model === "wake",
  variants: [
    { footprintKey: `${model}@gpu`, placement: "gpu", declaredMib: gpuMib, reloadMs: 1000 },
    ...(cpuMib === undefined
      ? []
      : [{ footprintKey: `${model}@cpu`, placement: "cpu" as const, declaredMib: cpuMib, reloadMs: 1000 }]),
  ],
})

const prototype = [tenant("stt", 1080), tenant("llm", 5280), tenant("tts", 360)]

const plan = (
  tenants: readonly TenantSpec[],
  gpu: number,
  footprints: Readonly<Record<string, readonly number[]>> = {},
) => planBudget({ tenants, budgetMib: { gpu, cpu: 4096 }, footprints })

const summary = ({ inTurn }: ReturnType<typeof plan>) =>
  inTurn.map(({ model, type, cumulativeMib, victims }) => [model, type, cumulativeMib, ...victims])

test("the prototype's set fits into 7020 MiB, and nothing gives way", () => {
  const { together, besideTheOthers, ...rest } = plan(prototype, 7020)
  expect(summary({ together, besideTheOthers, ...rest })).toEqual([
    ["stt", "admit", 1080],
    ["llm", "admit", 6360],
    ["tts", "admit", 6720],
  ])
  expect(together?.map(({ type }) => type)).toEqual(["admit", "admit", "admit"])
  expect(besideTheOthers).toEqual([])
})

test("it fits to the last MiB, and with one less the language model goes for the voice or the voice for it", () => {
  expect(plan(prototype, 6720).together).toBeDefined()
  const tight = plan(prototype, 6719)
  expect(tight.together).toBeUndefined()
  expect(summary(tight).at(-1)).toEqual(["tts", "evict", 1440, "llm"])
  expect(tight.besideTheOthers.map(({ model, type, victims }) => [model, type, victims])).toEqual([
    ["stt", "evict", ["tts"]],
    ["llm", "evict", ["tts"]],
    ["tts", "evict", ["llm"]],
  ])
})

test("a lower variant is taken where nothing has to be evicted for it", () => {
  const { inTurn, together } = plan([tenant("llm", 5280), tenant("tts", 360, 300)], 5500)
  expect(inTurn.at(-1)).toMatchObject({
    type: "degrade",
    degraded: true,
    variant: { footprintKey: "tts@cpu" },
    cumulativeMib: 300,
  })
  expect(together?.map(({ variant }) => variant.footprintKey)).toEqual(["llm@gpu", "tts@cpu"])
})

test("what is larger than the budget is refused, and is not counted beside the others", () => {
  const { inTurn, together } = plan([tenant("llm", 9000), tenant("tts", 360)], 7020)
  expect(inTurn.map(({ type, cumulativeMib }) => [type, cumulativeMib])).toEqual([
    ["refuse", 0],
    ["admit", 360],
  ])
  expect(together).toBeUndefined()
})

test("a pinned model is not evicted", () => {
  const { inTurn } = plan([tenant("wake", 4000), tenant("stt", 4000)], 7020)
  expect(inTurn.map(({ type }) => type)).toEqual(["admit", "refuse"])
})

test("the larger of declared and measured counts, until three measurements agree", () => {
  const figures = (samples: readonly number[]) =>
    plan([tenant("tts", 360)], 7020, { "tts@gpu": samples }).inTurn[0]
  expect(figures([400])).toMatchObject({ cumulativeMib: 400, footprint: { measuredMib: 400 } })
  expect(figures([200])).toMatchObject({ cumulativeMib: 360, footprint: { measuredMib: 200 } })
  expect(figures([200, 201, 202])).toMatchObject({ cumulativeMib: 202, footprint: { trusted: true } })
})
