import { describe, expect, it } from "vitest"
import { ollamaPlacement } from "../../src/models/ollama-placement.ts"

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
