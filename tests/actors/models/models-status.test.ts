import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { expect, test } from "vitest"
import { modelsStatus, statesOfModels } from "../../../src/actors/models/models-status.ts"
import type { LanguageModelChoice } from "../../../src/ports/language-model.ts"
import type { ResidencyRow } from "../../../src/ports/residency.ts"

const row = (model: string, state: ResidencyRow["state"], inUse = false): ResidencyRow => ({
  model,
  variant: state === "waiting" ? undefined : `${model}@gpu`,
  placement: state === "waiting" ? undefined : "gpu",
  state,
  footprintMib: state === "waiting" ? 0 : 300,
  declaredMib: 300,
  measuredMib: undefined,
  leases: 1,
  inUse,
  pinned: false,
})
const pool = { budgetMib: 1000, committedMib: 0, foreignMib: 0, overcommitted: false }
const snapshot = (...rows: readonly ResidencyRow[]) => ({ rows, pools: { gpu: pool, cpu: pool } })

test("a model that only the ledger knows of is shown last, with as much of its life as its memory tells", () => {
  const { models } = modelsStatus(
    [{ id: "known", state: "failed" }],
    snapshot(
      row("promised", "committed"),
      row("in use", "loaded", true),
      row("idle", "loaded"),
      row("going", "releasing"),
      row("queued", "waiting"),
      row("known", "releasing"),
    ),
  )
  expect(models.map(({ id, state }) => [id, state])).toEqual([
    ["known", "failed"],
    ["promised", "loading"],
    ["in use", "busy"],
    ["idle", "ready"],
    ["going", "unloading"],
    ["queued", "admitting"],
  ])
  expect(models.find(({ id }) => id === "queued")).toMatchObject({
    placement: null,
    variant: null,
    declaredMib: 300,
  })
})

test("without a ledger there are the states, and no pools", () => {
  expect(modelsStatus([{ id: "x", state: "ready" }], undefined)).toMatchObject({
    models: [{ id: "x", state: "ready", placement: null, committedMib: 0, leases: 0 }],
    pools: null,
  })
})

test("the language model that was chosen comes last, where it has a state of its own", () => {
  const model = {
    name: "jett-qwen3",
    placement: "ollama",
    contextTokens: 2048,
    preload: Effect.void,
    chat: () => Stream.empty,
  } as const
  const own = [{ id: "listener", state: "ready" }] as const
  const chosen = (state?: () => "loading"): LanguageModelChoice => ({
    type: "chosen",
    model: state === undefined ? model : { ...model, state },
  })
  expect(
    statesOfModels(
      own,
      chosen(() => "loading"),
    ),
  ).toEqual([...own, { id: "jett-qwen3", state: "loading" }])
  expect(statesOfModels(own, chosen())).toEqual(own)
  expect(statesOfModels(own, { type: "none", notice: "none" })).toEqual(own)
  expect(statesOfModels(own, undefined)).toEqual(own)
})
