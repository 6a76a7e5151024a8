import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { parse } from "smol-toml"
import { expect, test } from "vitest"
import type { OptionValues } from "../../src/cli/command.ts"
import type { SetupProbes } from "../../src/cli/setup/step.ts"
import { run as setup } from "../../src/cli/setup.ts"
import { environmentIn, temporaryDirectory, testContext } from "../support/cli.ts"
import { fakeBackend, microphone, speaker } from "../support/fake-audio.ts"

const { backend } = fakeBackend({
  devices: [microphone("mic-a"), microphone("mic-b", true), speaker("speaker-a", true)],
})

const goodLevel = { rmsDbfs: -30, peakDbfs: -12, clipped: 0, allZero: false }

function setupProbes(changes: Partial<SetupProbes> = {}): SetupProbes {
  const listener = { listen: () => expect.unreachable("the probe is a fake") }
  return {
    backends: async () => [backend],
    openListener: async () => ({ listener, close: async () => {} }),
    level: async () => goodLevel,
    wake: async () => 0.9,
    echo: async () => ({ quietDbfs: -60, playingDbfs: -20, mode: "half-duplex" }),
    ollama: async ({ llm }) => ({ type: "unreachable", url: llm.ollamaUrl, reason: "refused" }),
    ...changes,
  }
}

function prepare(options: OptionValues, answers?: string, json = false) {
  const home = temporaryDirectory()
  const { context, written } = testContext("setup", {
    env: environmentIn(home),
    options,
    json,
    ...(answers === undefined ? {} : { answers }),
  })
  const file = join(home, "config/jett/config.toml")
  return { context, written, file, read: () => parse(readFileSync(file, "utf8")) }
}

const untouchable: Partial<SetupProbes> = {
  level: () => expect.unreachable("the microphone was opened"),
  wake: () => expect.unreachable("the microphone was opened"),
  echo: () => expect.unreachable("the speaker was opened"),
  openListener: () => expect.unreachable("a model was loaded"),
}

test("without a terminal nothing is asked, heard or played, and the flags are written", async () => {
  const { context, written, file, read } = prepare({
    input: "mic-a",
    output: "speaker-a",
    echo: "cancelled",
    threshold: "0.4",
    ollamaModel: "qwen3:8b",
  })
  expect(await setup(context, setupProbes(untouchable))).toBe(0)
  expect(read()).toEqual({
    audio: { input: "mic-a", output: "speaker-a", echo: "cancelled" },
    wake: { threshold: 0.4 },
    llm: { ollama_model: "qwen3:8b" },
  })
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(written.err).toContain("no Ollama at http://127.0.0.1:11434 (refused)")
})

test("--yes on a terminal asks nothing either", async () => {
  const { context, file } = prepare({ yes: true }, "9\n9\n9\n")
  expect(await setup(context, setupProbes(untouchable))).toBe(0)
  expect(existsSync(file)).toBe(true)
})

test("on a terminal every step is asked and its answer written", async () => {
  // Microphone 2 of (default, mic-a, mic-b), speaker: as proposed; level, wake, threshold, echo, write: yes.
  const { context, written, read } = prepare({}, "2\n\ny\ny\ny\ny\ny\n")
  const heard = [0.95, 0.4, 0.9, 0.1, 0.6]
  expect(await setup(context, setupProbes({ wake: async () => heard.shift() ?? 0 }))).toBe(0)
  expect(read()).toEqual({ audio: { input: "mic-a", echo: "half-duplex" }, wake: { threshold: 0.32 } })
  expect(written.err).toContain('1/5: say "Hey Jarvis"… 0.95\n')
  expect(written.err).toContain("Heard 4 of 5. Use the threshold 0.32?")
})

test("the probes get the devices that were just chosen", async () => {
  const { context } = prepare({ input: "mic-b", skipWake: true }, "\n".repeat(9))
  const used: unknown[] = []
  await setup(
    context,
    setupProbes({
      level: async (_backend, device) => {
        used.push(device)
        return goodLevel
      },
      echo: async (_backend, input, output) => {
        used.push(input, output)
        return { quietDbfs: -60, playingDbfs: -59, mode: "cancelled" }
      },
    }),
  )
  expect(used).toEqual(["mic-b", "mic-b", undefined])
})

test("an input that ends has agreed to nothing", async () => {
  const { context, file } = prepare({}, "2\n\nn\n")
  await expect(setup(context, setupProbes())).rejects.toMatchObject({ exitCode: 1 })
  expect(existsSync(file)).toBe(false)
})

test("an answer that is none of the options is asked for again", async () => {
  const { context, written, read } = prepare({ yes: false, skipOllama: true }, "9\nx\n3\n\nn\nn\nn\ny\n")
  await setup(context, setupProbes())
  expect(written.err.split("expected a number from 1 to 3")).toHaveLength(3)
  expect(read()).toEqual({ audio: { input: "mic-b" } })
})

test("every step can be skipped", async () => {
  const flags = ["skipDevices", "skipLevel", "skipWake", "skipEcho", "skipOllama"]
  const { context, read } = prepare(Object.fromEntries(flags.map((flag) => [flag, true])), "y\n")
  const probes = setupProbes({ ...untouchable, ollama: () => expect.unreachable("Ollama was asked") })
  expect(await setup(context, probes)).toBe(0)
  expect(read()).toEqual({})
})

test("a microphone that clips is said and can be tried again", async () => {
  const { context, written } = prepare({ skipWake: true, skipEcho: true, skipDevices: true }, "y\ny\ny\n")
  const levels = [{ ...goodLevel, clipped: 0.2 }, goodLevel]
  await setup(context, setupProbes({ level: async () => levels.shift() ?? expect.unreachable() }))
  expect(written.err).toContain("it clips. lower the microphone's gain")
  expect(written.err).toContain("good\n")
})

test("a step that fails costs only itself", async () => {
  const { context, written, read } = prepare({}, "2\n\ny\ny\ny\ny\n")
  const probes = setupProbes({
    level: () => Promise.reject({ _tag: "AudioFailure", message: "device is busy" }),
    openListener: () => Promise.reject(new Error("model missing")),
  })
  expect(await setup(context, probes)).toBe(0)
  expect(written.err).toContain("! skipped: device is busy\n")
  expect(written.err).toContain("! skipped: model missing\n")
  expect(read()).toMatchObject({ audio: { input: "mic-a", echo: "half-duplex" } })
})

test("too few wake words heard leave the threshold alone", async () => {
  const { context, written, read } = prepare({ skipEcho: true, skipLevel: true, skipDevices: true }, "y\ny\n")
  await setup(context, setupProbes({ wake: async () => 0.05 }))
  expect(written.err).toContain("heard only 0 of 5")
  expect(read()).toEqual({})
})

test.each([
  [{ input: "mic-z" }, /no such microphone; there are: mic-a, mic-b/],
  [{ echo: "loud" }, /expected one of auto, cancelled, half-duplex/],
  [{ threshold: "2" }, /expected a number from 0.01 to 0.999/],
  [{ backend: "alsa" }, /expected one of auto, pulse/],
])("a wrong flag is a usage error and nothing is written: %j", async (options, message) => {
  const { context, file } = prepare(options)
  await expect(setup(context, setupProbes())).rejects.toMatchObject({ exitCode: 2 })
  await expect(setup(context, setupProbes())).rejects.toThrow(message)
  expect(existsSync(file)).toBe(false)
})

test("an address that is none is refused, and nothing is written", async () => {
  const { context, file } = prepare({ ollamaUrl: "nonsense", skipOllama: true })
  await expect(setup(context, setupProbes())).rejects.toThrow(/expected an http or https address/)
  expect(existsSync(file)).toBe(false)
})

test("an Ollama without the model gets the exact command, and another of its models can be chosen", async () => {
  const skip = { skipDevices: true, skipLevel: true, skipWake: true, skipEcho: true }
  const probes = setupProbes({ ollama: async () => ({ type: "found", url: "u", models: ["llama3:8b"] }) })
  const { context, written, read } = prepare(skip, "2\ny\n")
  await setup(context, probes)
  expect(written.err).toContain(
    "it has no jett-qwen3; to get it: ollama create jett-qwen3 -f models/Modelfile",
  )
  expect(read()).toEqual({ llm: { ollama_model: "llama3:8b" } })
})

test("without any sound a name from a flag is written all the same", async () => {
  const { context, written, read } = prepare({ input: "later" })
  const backends = () => Promise.reject(new Error("no sound server"))
  expect(await setup(context, setupProbes({ ...untouchable, backends }))).toBe(0)
  expect(written.err).toContain("! no sound server")
  expect(written.err).toContain("text only")
  expect(read()).toEqual({ audio: { input: "later" } })
})

test("what is in the file stays, comments included, and the old file is kept", async () => {
  const { context, file } = prepare({ threshold: "0.6", skipOllama: true })
  mkdirSync(dirname(file), { recursive: true })
  const before = "# mine\n[wake]\nthreshold = 0.5 # usual\nframes = 3\n"
  writeFileSync(file, before)
  await setup(context, setupProbes(untouchable))
  expect(readFileSync(file, "utf8")).toBe("# mine\n[wake]\nthreshold = 0.6 # usual\nframes = 3\n")
  expect(readFileSync(`${file}.bak`, "utf8")).toBe(before)
})

test("a configuration that is a link stays one", async () => {
  const { context, file } = prepare({ threshold: "0.6", skipOllama: true })
  mkdirSync(dirname(file), { recursive: true })
  const target = join(dirname(file), "real.toml")
  writeFileSync(target, "[wake]\nframes = 3\n")
  symlinkSync(target, file)
  await setup(context, setupProbes(untouchable))
  expect(readFileSync(target, "utf8")).toContain("threshold = 0.6")
  expect(readFileSync(file, "utf8")).toBe(readFileSync(target, "utf8"))
})

test("a file of a shape that cannot be edited line by line is refused, not damaged", async () => {
  const { context, file } = prepare({ threshold: "0.6", skipOllama: true })
  mkdirSync(dirname(file), { recursive: true })
  const before = "wake = { frames = 3 }\n"
  writeFileSync(file, before)
  await expect(setup(context, setupProbes(untouchable))).rejects.toMatchObject({ _tag: "ConfigError" })
  expect(readFileSync(file, "utf8")).toBe(before)
})

test("--dry-run prints the file, --json what would change; neither writes", async () => {
  const { context, written, file } = prepare({ threshold: "0.6", dryRun: true, skipOllama: true })
  await setup(context, setupProbes(untouchable))
  expect(written.out).toContain("[wake]\nthreshold = 0.6\n")
  expect(existsSync(file)).toBe(false)

  const asJson = prepare({ threshold: "0.6", dryRun: true, skipOllama: true }, undefined, true)
  await setup(asJson.context, setupProbes(untouchable))
  expect(JSON.parse(asJson.written.out)).toEqual({
    file: asJson.file,
    written: false,
    changes: { "wake.threshold": 0.6 },
  })
})
