import { mkdirSync, writeFileSync } from "node:fs"
import { dirname } from "node:path"
import { describe, expect, test } from "vitest"
import type { CommandContext } from "../../src/cli/command.ts"
import { type GpuParts, run } from "../../src/cli/gpu.ts"
import { loadConfig } from "../../src/config/load-config.ts"
import { modelsFolder } from "../../src/config/paths.ts"
import { describeCudaProvider } from "../../src/models/gpu/cuda-provider.ts"
import type { GpuSurvey } from "../../src/models/gpu/survey.ts"
import { environmentIn, temporaryDirectory, testContext } from "../support/cli.ts"

const library = (name: string, isReachable = true) => ({
  name,
  found: { name, path: `/lib/${name}`, version: "1.2.3", isReachable },
})

/** Everything is there but the provider's own libraries. */
const complete: GpuSurvey = {
  source: "nvml",
  problem: undefined,
  gpu: { name: "RTX 3070", driverVersion: "550.54.14", cudaVersion: "12.4", count: 1 },
  reading: { totalMib: 8192, usedMib: 660, processes: [], atMs: 0 },
  cuda: [library("libcudart.so.12")],
  cudnn: library("libcudnn.so.9"),
  provider: describeCudaProvider(),
  isProviderInstalled: false,
}

const none: GpuSurvey = {
  ...complete,
  source: "none",
  problem: "no NVIDIA driver was found",
  gpu: undefined,
  reading: undefined,
  cuda: [{ name: "libcudart.so.12", found: undefined }],
  cudnn: { name: "libcudnn.so.9", found: undefined },
}

/** A machine that is as `survey` says, and after the installation as `after` says. */
const machine = (survey: GpuSurvey, changes: Partial<GpuParts["installer"]> = {}, after?: GpuSurvey) => {
  const done: string[] = []
  const parts: GpuParts = {
    survey: () => Promise.resolve(done.includes("fetch") ? (after ?? survey) : survey),
    installer: {
      size: async () => {
        done.push("size")
        return { bytes: 250_000_000, url: "https://feed.example/package" }
      },
      fetch: async () => {
        done.push("fetch")
      },
      space: () => ({ download: 1e12, libraries: 1e12 }),
      inspect: async () => [{ path: "/lib/provider.so", bytes: 272_000_000, sha256: "ab12" }],
      ...changes,
    },
    probe: async () => {
      done.push("probe")
      return undefined
    },
  }
  return { parts, done }
}

const command = (verb: string, overrides: Partial<CommandContext> & { readonly answers?: string } = {}) => {
  const env = environmentIn(temporaryDirectory())
  return testContext(verb, { env, ...overrides })
}

const profileOf = (profile: string) => ({ overrides: new Map([["memory.profile", profile]]) })
const prototype = profileOf("prototype")

const failureMessage = (promise: Promise<unknown>) =>
  promise.then(
    () => "succeeded",
    (error: Error & { readonly exitCode: number }) => `${error.exitCode} ${error.message}`,
  )

describe("jett gpu status", () => {
  test("warns of nothing that the default profile does not use", async () => {
    const { context, written } = command("gpu status")
    const bare = { ...complete, cuda: none.cuda, cudnn: none.cudnn }
    expect(await run(context, machine(bare).parts)).toBe(0)
    expect(written.out).toBe(
      [
        'ok    profile: lean (auto): only Ollama\'s language model is to be on the GPU, and Ollama brings its own CUDA; for speech there too, set profile = "prototype" under [memory] in the file that jett config path names',
        "ok    driver: NVIDIA 550.54.14, for CUDA up to 12.4",
        "ok    gpu: RTX 3070: 660 of 8192 MiB in use",
        "ok    readings: nvml, with the use of each process",
        "ok    cuda: lacks libcudart.so.12; not used by profile lean",
        "ok    cudnn: lacks libcudnn.so.9; not used by profile lean",
        "ok    onnxruntime: onnxruntime-node 1.30.0 without its CUDA libraries, so speech runs on the processor; not used by profile lean",
        "",
      ].join("\n"),
    )
  })

  test("names the packages of what the prototype's profile lacks", async () => {
    const { context, written } = command("gpu status", prototype)
    const bare = { ...complete, cuda: none.cuda, cudnn: none.cudnn }
    await run(context, machine(bare).parts)
    const repository =
      "NVIDIA's repository (https://docs.nvidia.com/cuda/cuda-installation-guide-linux, package cuda-keyring)"
    expect(written.out).toContain(
      [
        "warn  cuda: lacks libcudart.so.12",
        `      fix: sudo apt install libcudart12 (Ubuntu 24.04 and Debian 13, or newer), or cuda-libraries-12-8 from ${repository}`,
        "warn  cudnn: lacks libcudnn.so.9",
        `      fix: sudo apt install libcudnn9-cuda-12, from ${repository}`,
        "warn  onnxruntime: onnxruntime-node 1.30.0 without its CUDA libraries, so speech runs on the processor",
        "      fix: run jett gpu install",
        "",
      ].join("\n"),
    )
  })

  test.each([
    ["auto", 0],
    ["cpu", 0],
    ["lean", 3],
    ["prototype", 6],
  ])(
    "without a GPU, profile %s is worth %i warnings, each with a fix, and no failure",
    async (profile, count) => {
      const { context, written } = command("gpu status", { json: true, ...profileOf(profile) })
      expect(await run(context, machine(none).parts)).toBe(0)
      const printed: { readonly gpu: null; readonly findings: readonly { status: string; fix?: string }[] } =
        JSON.parse(written.out)
      expect(printed.gpu).toBeNull()
      const warnings = printed.findings.filter(({ status }) => status === "warn")
      expect(warnings).toHaveLength(count)
      for (const { fix } of warnings) expect(fix).toEqual(expect.any(String))
    },
  )

  test("a driver that gives no readings is a warning, although auto then uses the processor", async () => {
    const { context, written } = command("gpu status")
    await run(context, machine({ ...none, problem: "NVML: the driver is not loaded (9)" }).parts)
    expect(written.out).toContain("warn  driver: none: NVML: the driver is not loaded (9)\n      fix: sudo ")
  })

  test.each([
    ["a driver too old for CUDA 12", { gpu: { ...complete.gpu, cudaVersion: "11.8" } }, "CUDA 12 is needed"],
    [
      "an old driver that names no CUDA",
      { gpu: { ...complete.gpu, driverVersion: "470.2", cudaVersion: undefined } },
      "470.2; CUDA 12 is needed",
    ],
    ["cuDNN outside the loader's path", { cudnn: library("libcudnn.so.9", false) }, "LD_LIBRARY_PATH=/lib"],
    ["a control character in a name", { gpu: { ...complete.gpu, name: "RTX\u001b[2J" } }, "RTX\ufffd[2J"],
  ])("tells %s", async (_, changes, expected) => {
    const { context, written } = command("gpu status", prototype)
    await run(context, machine({ ...complete, ...changes } as GpuSurvey).parts)
    expect(written.out).toContain(expected)
  })
})

describe("jett gpu install", () => {
  test("downloads nothing and asks nobody where there is no driver", async () => {
    const { parts, done } = machine(none)
    const { context } = command("gpu install", { options: { yes: true } })
    expect(await failureMessage(run(context, parts))).toMatch(
      /^1 driver: none: no NVIDIA driver was found\. Nothing was downloaded\. Speech stays on the processor\./,
    )
    expect(done).toEqual([])
  })

  test("refuses likewise where cuDNN is missing", async () => {
    const { parts, done } = machine({ ...complete, cudnn: none.cudnn })
    const { context } = command("gpu install", { options: { yes: true } })
    expect(await failureMessage(run(context, parts))).toContain("1 cudnn: lacks libcudnn.so.9. Nothing was")
    expect(done).toEqual([])
  })

  test("shows the size and where it comes from before it asks, and takes silence for a no", async () => {
    const { parts, done } = machine(complete)
    const { context, written } = command("gpu install")
    expect(await failureMessage(run(context, parts))).toContain("nobody agreed to the download")
    expect(written.err).toContain(
      "Microsoft.ML.OnnxRuntime.Gpu.Linux 1.30.0, 250 MB\n  from https://feed.example/package",
    )
    expect(done).toEqual(["size"])
  })

  test.each([
    ["n\n", ["size"]],
    ["y\n", ["size", "fetch", "probe"]],
  ])("does as it is answered: %j", async (answers, expected) => {
    const { parts, done } = machine(complete)
    const { context } = command("gpu install", { answers })
    installModel(context)
    await failureMessage(run(context, parts))
    expect(done).toEqual(expected)
  })

  test("verifies what came, tries a model on the GPU, and says what could not be checked", async () => {
    const { parts, done } = machine(complete)
    const { context, written } = command("gpu install", { options: { yes: true } })
    installModel(context)
    expect(await run(context, parts)).toBe(0)
    expect(done).toEqual(["size", "fetch", "probe"])
    expect(written.err).toContain("/lib/provider.so 272 MB sha256 ab12")
    expect(written.err).toContain("gives no hashes to compare with")
    expect(written.err).toContain(
      'A model opens on the GPU.\nSpeech stays on the processor under profile lean. To change that: set profile = "prototype" under [memory] in the file that jett config path names, and start Jett again.\n',
    )
  })

  test("says that speech runs there from the next start where the profile has it so", async () => {
    const { context, written } = command("gpu install", { options: { yes: true }, ...prototype })
    installModel(context)
    expect(await run(context, machine(complete).parts)).toBe(0)
    expect(written.err).toContain("A model opens on the GPU.\nStart Jett again for speech to run there.\n")
  })

  test("does not claim that CUDA works where no model could be tried", async () => {
    const { context, written } = command("gpu install", { options: { yes: true } })
    expect(await run(context, machine(complete).parts)).toBe(0)
    expect(written.err).toContain("Not tried: no model is installed.")
  })

  test.each([
    [
      "the server does not answer",
      { size: () => Promise.reject(new Error("no route")) },
      "1 no route. Nothing was downloaded",
    ],
    [
      "the disk is full",
      { space: () => ({ download: 1e6, libraries: 1e12 }) },
      "1 525 MB are needed for the download and 1.0 MB are free",
    ],
    [
      "the download breaks off",
      { fetch: () => Promise.reject(new Error("socket hang up")) },
      "1 the download failed: socket hang up. Speech stays",
    ],
    [
      "a file is a page of HTML",
      { inspect: () => Promise.reject(new Error("x.so is no library")) },
      "x.so is no library",
    ],
  ] as const)("fails with the reason where %s", async (_, changes, expected) => {
    const { context } = command("gpu install", { options: { yes: true } })
    expect(await failureMessage(run(context, machine(complete, changes).parts))).toContain(expected)
  })

  test("fails where what came was built for a CUDA that is not here", async () => {
    const cuda = [{ name: "libcudart.so.13", found: undefined }]
    const { parts } = machine(complete, {}, { ...complete, isProviderInstalled: true, cuda })
    const { context } = command("gpu install", { options: { yes: true } })
    expect(await failureMessage(run(context, parts))).toContain(
      "1 installed, but cuda: lacks libcudart.so.13",
    )
  })

  test("fails, and does not claim the GPU, where a model does not open on it", async () => {
    const { parts } = machine({ ...complete, isProviderInstalled: true })
    const { context } = command("gpu install")
    installModel(context)
    const probe = async () => "libcublas.so.12 cannot be loaded"
    expect(await failureMessage(run(context, { ...parts, probe }))).toMatch(
      /^1 a model does not open on the GPU: libcublas\.so\.12 cannot be loaded\. Speech stays/,
    )
  })
})

function installModel({ env }: CommandContext): void {
  const file = `${modelsFolder(loadConfig({ env }).config, env)}/vad-silero/silero_vad.onnx`
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, "")
}
