import { describe, expect, test } from "vitest"
import { gpuFinding } from "../../../src/cli/doctor/gpu-check.ts"

const description = { name: "RTX 3070", driverVersion: "550", count: 1 }

describe("the check of the GPU", () => {
  test("is content without one", () => {
    const found = { source: "none", problem: "no NVIDIA driver was found", description: undefined } as const
    expect(gpuFinding(found, undefined)).toMatchObject({
      status: "ok",
      summary: expect.stringContaining("processor"),
    })
  })

  test("says how its memory is read", () => {
    const found = { source: "nvml", problem: undefined, description } as const
    expect(gpuFinding(found, { totalMib: 8192, usedMib: 1, atMs: 0 })).toEqual({
      status: "ok",
      summary: "RTX 3070: 8192 MiB, read by nvml",
    })
  })

  test("warns where there is a driver that gives no readings", () => {
    const found = {
      source: "none",
      problem: "NVML: the driver is not loaded (9)",
      description: undefined,
    } as const
    expect(gpuFinding(found, undefined)).toEqual({
      status: "warn",
      summary: "cannot be read (NVML: the driver is not loaded (9)): declared figures are used",
      fix: "run jett gpu status",
    })
  })
})
