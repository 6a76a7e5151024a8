import { describe, expect, it } from "vitest"
import { contextsOf, ollamaPlacement } from "../../src/models/ollama-placement.ts"

describe("where Ollama put a model", () => {
  it.each([
    ["all on the GPU", 100, 100, true, { type: "gpu" }],
    ["all on a GPU that nobody can read", 100, 100, false, { type: "gpu" }],
    ["a quarter on the processor", 100, 75, true, { type: "partial", cpuShare: 0.25 }],
    ["a part on a GPU that nobody can read", 100, 75, false, { type: "partial", cpuShare: 0.25 }],
    ["nothing on a GPU that is there", 100, 0, true, { type: "partial", cpuShare: 1 }],
    ["all on the processor of a machine without a GPU", 100, 0, false, { type: "cpu" }],
    ["a size that says nothing", 0, 0, false, { type: "cpu" }],
  ] as const)("%s", (_, sizeBytes, vramBytes, expectsGpu, expected) => {
    expect(ollamaPlacement({ sizeBytes, vramBytes }, expectsGpu)).toEqual(expected)
  })
})

describe("the contexts to try", () => {
  it.each([
    [8_192, 256, [8_192, 4_096, 2_048, 1_024]],
    [3_000, 256, [3_000, 1_500, 1_024]],
    [1_024, 256, [1_024]],
    [512, 64, [512]],
    [8_192, 1_500, [8_192, 4_096, 3_000]],
  ])(
    "of %i tokens with replies of %i are halved down to what a conversation needs",
    (tokens, reply, expected) => {
      expect(contextsOf(tokens, reply)).toEqual(expected)
    },
  )
})
