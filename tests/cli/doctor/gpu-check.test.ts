import { describe, expect, test } from "vitest"
import { gpuChecks, gpuFinding } from "../../../src/cli/doctor/gpu-check.ts"
import { loadConfig } from "../../../src/config/load-config.ts"
import { describeCudaProvider } from "../../../src/models/gpu/cuda-provider.ts"
import type { GpuSurvey } from "../../../src/models/gpu/survey.ts"

const configOf = (profile: string) =>
  loadConfig({ env: {}, file: "/dev/null", overrides: new Map([["memory.profile", profile]]) }).config
const auto = configOf("auto")

const description = { name: "RTX 3070", driverVersion: "550", count: 1 }

describe("the check of the GPU", () => {
  test("is content without one", () => {
    const found = { source: "none", problem: "no NVIDIA driver was found", description: undefined } as const
    expect(gpuFinding(auto, found, undefined)).toMatchObject({
      status: "ok",
      summary: expect.stringContaining("processor"),
    })
  })

  test("says how its memory is read", () => {
    const found = { source: "nvml", problem: undefined, description } as const
    expect(gpuFinding(auto, found, { totalMib: 8192, usedMib: 1, atMs: 0 })).toEqual({
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
    expect(gpuFinding(auto, found, undefined)).toEqual({
      status: "warn",
      summary: "cannot be read (NVML: the driver is not loaded (9)): declared figures are used",
      fix: "run jett gpu status",
    })
  })

  test.each([
    ["lean", "warn"],
    ["prototype", "warn"],
    ["auto", "ok"],
    ["cpu", "ok"],
  ])("where there is none, under profile %s, is a %s", (profile, status) => {
    const found = { source: "none", problem: "no NVIDIA driver was found", description: undefined } as const
    expect(gpuFinding(configOf(profile), found, undefined)).toMatchObject({ status })
  })
})

describe("the check of speech on the GPU", () => {
  const library = (name: string) => ({ name, found: undefined })
  const survey: GpuSurvey = {
    source: "nvidia-smi",
    problem: undefined,
    gpu: { name: "RTX 3070", driverVersion: "550.54.14", cudaVersion: "12.4", count: 1 },
    reading: { totalMib: 8192, usedMib: 660, atMs: 0 },
    cuda: [library("libcudart.so.12"), library("libcublasLt.so.12")],
    cudnn: library("libcudnn.so.9"),
    provider: describeCudaProvider(),
    isProviderInstalled: false,
  }
  const check = (profile: string) =>
    gpuChecks(configOf(profile), {}, async () => survey)
      .find(({ id }) => id === "gpu.speech")
      ?.run(new AbortController().signal)

  test("warns where the profile wants it there and the CUDA libraries are missing, with the packages", async () => {
    expect(await check("prototype")).toEqual({
      status: "warn",
      summary:
        "memory.profile is prototype, but speech runs on the processor: cuda: lacks libcudart.so.12, libcublasLt.so.12",
      fix: expect.stringMatching(/^sudo apt install libcudart12 libcublaslt12 .*cuda-libraries-12-8/),
    })
  })

  test.each(["auto", "lean", "cpu"])("says nothing is wrong under profile %s", async (profile) => {
    expect(await check(profile)).toEqual({
      status: "ok",
      summary: `not used: memory.profile is ${profile}, which keeps Jett's own speech models on the processor`,
    })
  })
})
