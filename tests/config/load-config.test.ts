import { chmodSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { ConfigError } from "../../src/config/config-error.ts"
import { namedSettings } from "../../src/config/definition.ts"
import { loadConfig } from "../../src/config/load-config.ts"
import { environmentIn, temporaryDirectory } from "../support/cli.ts"
import { configProblems, loadToml } from "../support/load-toml.ts"

test("without a file every setting has its default", () => {
  const { config, fileExists, origins, warnings } = loadConfig({ env: environmentIn(temporaryDirectory()) })
  expect(fileExists).toBe(false)
  expect(config.wake).toEqual({ model: "wake-hey-jarvis", threshold: 0.5, frames: 2, refractoryMs: 2_000 })
  expect(config.audio.input).toBeUndefined()
  expect(new Set([...origins.values()].map(({ from }) => from))).toEqual(new Set(["default"]))
  expect(warnings).toEqual([])
})

test("every default is a value that the definition accepts", () => {
  for (const { key, setting } of namedSettings) {
    expect([key, setting.parse(setting.fallback)]).toEqual([key, { ok: true, value: setting.fallback }])
  }
})

test("a flag wins over the environment, that over the file, that over the default", () => {
  const toml = "[wake]\nthreshold = 0.1\nframes = 3\nrefractory_ms = 5\n"
  const { config, origins, file } = loadToml(toml, {
    env: { JETT_WAKE_THRESHOLD: "0.2", JETT_WAKE_FRAMES: "4" },
    overrides: new Map([["wake.threshold", "0.3"]]),
  })
  expect(config.wake).toEqual({ model: "wake-hey-jarvis", threshold: 0.3, frames: 4, refractoryMs: 5 })
  expect(origins.get("wake.threshold")).toEqual({ from: "flag", at: "--set wake.threshold" })
  expect(origins.get("wake.frames")).toEqual({ from: "env", at: "JETT_WAKE_FRAMES" })
  expect(origins.get("wake.refractory_ms")).toEqual({ from: "file", at: `${file}:4` })
  expect(origins.get("wake.model")).toEqual({ from: "default", at: "default" })
})

test("an empty variable counts as unset", () => {
  expect(loadToml("", { env: { JETT_WAKE_THRESHOLD: "" } }).config.wake.threshold).toBe(0.5)
})

test.each([
  ["[wake]\ntreshold = 1", "config.toml:2: unknown key wake.treshold; did you mean wake.threshold?"],
  ["[wkae]\nthreshold = 1", "config.toml:1: unknown section [wkae]; did you mean [wake]?"],
  ["[llm]\nthreshold = 0.4", "config.toml:2: unknown key llm.threshold; did you mean wake.threshold?"],
  ["treshold = 0.4", "config.toml:1: unknown key treshold; did you mean wake.threshold?"],
  ["[wake]\nqqqqqq = 1", "config.toml:2: unknown key wake.qqqqqq; `jett config show` lists every key."],
  ["wake = 3", "config.toml:1: wake is 3 (a number); expected a section [wake]."],
])("an unknown key is an error with a suggestion: %j", (toml, message) => {
  expect(configProblems(toml)).toEqual([message])
})

test.each([
  [
    '[wake]\n\nthreshold = "high"',
    'config.toml:3: wake.threshold is "high" (a string); expected a number from 0.01 to 0.999. Fix: threshold = 0.5',
  ],
  [
    "[wake]\nframes = 2.5",
    "config.toml:2: wake.frames is 2.5 (a number); expected a whole number from 1 to 20. Fix: frames = 2",
  ],
  [
    "[wake]\nthreshold = nan",
    "config.toml:2: wake.threshold is NaN (a number); expected a number from 0.01 to 0.999. Fix: threshold = 0.5",
  ],
  [
    '[tts]\nengine = "espeak"',
    'config.toml:2: tts.engine is "espeak" (a string); expected one of "piper", "kokoro". Fix: engine = "piper"',
  ],
  [
    "[privacy]\nallow_remote_llm = 1",
    "config.toml:2: privacy.allow_remote_llm is 1 (a number); expected true or false. Fix: allow_remote_llm = false",
  ],
  [
    "[audio]\ninput = 3",
    "config.toml:2: audio.input is 3 (a number); expected a non-empty string. Fix: leave it out.",
  ],
  [
    '[llm]\nollama_url = "localhost:11434"',
    'config.toml:2: llm.ollama_url is "localhost:11434" (a string); expected an http or https address such as "http://127.0.0.1:11434". Fix: ollama_url = "http://127.0.0.1:11434"',
  ],
  [
    '[time]\nzone = "Mars/Olympus"',
    'config.toml:2: time.zone is "Mars/Olympus" (a string); expected an IANA time zone such as "Europe/Paris". Fix: leave it out.',
  ],
  [
    "[stt]\nmodel = 2020-01-01",
    'config.toml:2: stt.model is 2020-01-01 (a date); expected a model id as `jett models ls` prints it. Fix: model = "stt-moonshine-tiny-en"',
  ],
  [
    '[language]\ncode = "de"',
    'config.toml:2: language.code is "de" (a string); expected "en". Fix: code = "en"',
  ],
  ['language = "fr"', 'config.toml:1: language.code is "fr" (a string); expected "en". Fix: code = "en"'],
])("a wrong value is named with its line, what was expected and the fix: %j", (toml, message) => {
  expect(configProblems(toml)).toEqual([message])
})

test("a wrong value in the environment or a flag names it", () => {
  expect(
    configProblems("", {
      env: { JETT_ENDPOINTING_SILENCE_MS: "fast", JETT_LANGUAGE: "de" },
      overrides: new Map([
        ["audio.volume", "loud"],
        ["audio.volum", "3"],
      ]),
    }),
  ).toEqual([
    "--set audio.volum: unknown key audio.volum; did you mean audio.volume?",
    '--set audio.volume: audio.volume is "loud"; expected a whole number from 0 to 100. Fix: --set audio.volume=80',
    'JETT_ENDPOINTING_SILENCE_MS: endpointing.silence_ms is "fast"; expected a whole number from 100 to 10000. Fix: JETT_ENDPOINTING_SILENCE_MS=600',
    'JETT_LANGUAGE: language.code is "de" (a string); expected "en". Fix: JETT_LANGUAGE="en"',
  ])
})

test("the language may be written in short", () => {
  expect(loadToml('language = "en"').config.language.code).toBe("en")
})

test("every problem is reported, not just the first", () => {
  expect(configProblems("[wake]\nframes = 0\ntreshold = 1\n[nope]\n")).toHaveLength(3)
})

test("settings that contradict each other are an error", () => {
  expect(configProblems("[endpointing]\nphrase_ms = 900")).toEqual([
    "config.toml:2: endpointing.phrase_ms is 900; expected at most endpointing.silence_ms, which is 600. Fix: lower the first or raise the second.",
  ])
  expect(configProblems("[llm]\nnum_ctx = 512\nmax_reply_tokens = 500")).toHaveLength(1)
  expect(configProblems("[memory]\ngpu_total_mib = 1000")).toHaveLength(1)
})

test("what is not TOML is named with line and column", () => {
  expect(configProblems("[wake]\nthreshold = = 2")[0]).toMatch(/^config\.toml:2:\d+: not valid TOML: /)
})

test("keys that could reach an object's prototype are refused", () => {
  expect(configProblems("[__proto__]\nx = 1")).toHaveLength(1)
  expect(configProblems("[wake]\nconstructor = 1")).toHaveLength(1)
})

test("a byte order mark and Windows line ends are read", () => {
  const { config, origins, file } = loadToml("\uFEFF[wake]\r\nframes = 3\r\n")
  expect(config.wake.frames).toBe(3)
  expect(origins.get("wake.frames")?.at).toBe(`${file}:2`)
})

test("a file that was named must exist and be readable", () => {
  const folder = temporaryDirectory()
  const file = join(folder, "none.toml")
  expect(() => loadConfig({ env: {}, file })).toThrow(/none\.toml: cannot be read \(ENOENT\)/)
  expect(() => loadConfig({ env: { JETT_CONFIG: file } })).toThrow(ConfigError)
  expect(() => loadConfig({ env: {}, file: folder })).toThrow(/cannot be read \(EISDIR\)/)
  expect(loadConfig({ env: {}, file, mayBeMissing: true }).fileExists).toBe(false)
})

test("a file too large to be a configuration is refused", () => {
  const file = join(temporaryDirectory(), "big.toml")
  writeFileSync(file, "#".repeat(1024 * 1024 + 1))
  chmodSync(file, 0o600)
  expect(() => loadConfig({ env: {}, file })).toThrow(/larger than/)
})

test("an Ollama elsewhere and a misspelt variable are warned of", () => {
  const { warnings } = loadToml('[llm]\nollama_url = "http://192.168.1.9:11434"', {
    env: { JETT_WAKE_TRESHOLD: "1", JETT_ACCEPT_LICENCES: "1", JETT_SOMETHING_ELSE_ALTOGETHER: "1" },
  })
  expect(warnings).toHaveLength(2)
  expect(warnings[0]).toContain("privacy.allow_remote_llm")
  expect(warnings[1]).toBe("JETT_WAKE_TRESHOLD is not a setting; did you mean JETT_WAKE_THRESHOLD?")
})
