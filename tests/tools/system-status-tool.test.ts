import * as Effect from "effect/Effect"
import { describe, expect, it } from "vitest"
import type { ModelRow, ModelsStatus } from "../../src/ports/assistant.ts"
import type { PoolSnapshot } from "../../src/ports/residency.ts"
import { normaliseForSpeech } from "../../src/text/normalise.ts"
import { systemStatusTool } from "../../src/tools/system-status-tool.ts"

const row = (id: string, state: ModelRow["state"]): ModelRow => ({
  id,
  state,
  placement: "gpu",
  variant: "v",
  committedMib: 1000,
  declaredMib: 1000,
  measuredMib: null,
  leases: 0,
  inUse: false,
  pinned: false,
})
const pool = (committedMib: number, budgetMib = 7020): PoolSnapshot => ({
  budgetMib,
  committedMib,
  foreignMib: null,
  overcommitted: committedMib > budgetMib,
})

const ask = (status: ModelsStatus) => {
  const tool = systemStatusTool({ models: () => status })
  const prepared = tool.prepare({})
  if (prepared.type !== "operation") throw new Error("not prepared")
  expect(prepared.operation.tier).toBe("read")
  return Effect.runSync(tool.perform(prepared.operation, undefined))
}

describe("the status of the system", () => {
  it.each<readonly [string, ModelsStatus, string]>([
    [
      "with a graphics card",
      {
        models: [row("llm", "ready"), row("tts", "busy"), row("stt", "loading")],
        pools: { gpu: pool(6720), cpu: pool(0) },
      },
      "Two models are loaded. 6.6 of 6.9 gigabytes of graphics memory are in use.",
    ],
    [
      "without one",
      { models: [row("llm", "ready")], pools: { gpu: pool(0, 0), cpu: pool(500) } },
      "One model is loaded.",
    ],
    [
      "with too much of it in use, and a model that failed",
      { models: [row("llm", "failed")], pools: { gpu: pool(7168), cpu: pool(0) } },
      "No models are loaded. One model has failed. 7.0 of 6.9 gigabytes of graphics memory are in use. That is more than I may use.",
    ],
    [
      "while the ledger is away",
      { models: [], pools: null },
      "No models are loaded. I can't see the memory right now.",
    ],
  ])("%s", (_, status, speech) => {
    expect(ask(status)).toMatchObject({ outcome: "done", speech })
    expect(normaliseForSpeech(speech)).not.toMatch(/\d/)
  })

  it("is observed by model and pool, and by nothing that is not needed", () => {
    expect(ask({ models: [row("llm", "ready")], pools: { gpu: pool(100), cpu: pool(0) } }).observed).toEqual({
      models: [{ id: "llm", state: "ready", placement: "gpu", committedMib: 1000 }],
      pools: {
        gpu: { budgetMib: 7020, committedMib: 100, overcommitted: false },
        cpu: { budgetMib: 7020, committedMib: 0, overcommitted: false },
      },
    })
  })

  it("takes no arguments", () => {
    expect(
      systemStatusTool({ models: () => ({ models: [], pools: null }) }).prepare({ pid: 1 }),
    ).toMatchObject({
      type: "refused",
      code: "malformed",
    })
  })
})
