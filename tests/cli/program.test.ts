import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { runProgram } from "../../src/cli/program.ts"
import { commands } from "../../src/cli/registry.ts"
import { environmentIn, temporaryDirectory, testContext } from "../support/cli.ts"

async function jett(...argv: readonly string[]) {
  const home = temporaryDirectory()
  const { context, written } = testContext("")
  const { io, signal } = context
  const exitCode = await runProgram({ argv, env: environmentIn(home), io, signal })
  return { exitCode, ...written, home }
}

test("help and version are data and a success", async () => {
  const help = await jett("--help")
  expect(help.exitCode).toBe(0)
  for (const { name } of commands) expect(help.out).toContain(name.split(" ")[0])
  expect(await jett("--version")).toMatchObject({
    exitCode: 0,
    out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
  })
})

test.each([
  [["sttus"], /unknown command 'sttus'[\s\S]*Did you mean status\?/],
  [["config", "shwo"], /Did you mean show\?/],
  [["status", "--jsno"], /unknown option '--jsno'[\s\S]*Did you mean --json\?/],
  [["say"], /missing required argument 'text'/],
  [["mute", "now"], /too many arguments/],
  [["config", "check", "--set", "nonsense"], /expected key=value/],
  [[], /Usage: jett/],
])("a wrong command line is a usage error with the way out on stderr: %j", async (argv, message) => {
  const { exitCode, out, err } = await jett(...argv)
  expect(exitCode).toBe(2)
  expect(out).toBe("")
  expect(err).toMatch(message)
})

test.each(["status", "ps", "ptt", "mute", "unmute", "cancel", "stop"])(
  "%s without a daemon exits with 3 and says how to start one",
  async (verb) => {
    expect(await jett(verb)).toMatchObject({
      exitCode: 3,
      out: "",
      err: "error: not running: start it with npm start\n",
    })
  },
)

test("with --json a failure is an object on stdout too", async () => {
  const { out } = await jett("status", "--json")
  expect(JSON.parse(out)).toEqual({
    ok: false,
    code: "not-running",
    message: "not running: start it with npm start",
  })
})

test("global options are taken before and after the verb", async () => {
  const file = join(temporaryDirectory(), "c.toml")
  writeFileSync(file, "[wake]\nthreshold = 0.7\n")
  for (const argv of [
    ["--json", "--config", file, "--set", "wake.frames=3", "config", "show"],
    ["config", "show", "--set", "wake.frames=3", "--config", file, "--json"],
    ["config", "--json", "show", "--config", file, "--set", "wake.frames=3"],
  ]) {
    const { exitCode, out } = await jett(...argv)
    expect([argv, exitCode]).toEqual([argv, 0])
    expect(JSON.parse(out)).toMatchObject({ wake: { threshold: 0.7, frames: 3 } })
  }
})

test("a broken configuration exits with 78 and names every problem", async () => {
  const file = join(temporaryDirectory(), "c.toml")
  writeFileSync(file, "[wake]\ntreshold = 0.7\nframes = 0\n")
  const { exitCode, err } = await jett("config", "check", "--config", file)
  expect(exitCode).toBe(78)
  expect(err).toContain(`${file}:2: unknown key wake.treshold; did you mean wake.threshold?`)
  expect(err).toContain(`${file}:3: wake.frames is 0`)
})

test("a broken configuration does not stop the verbs that need none", async () => {
  const file = join(temporaryDirectory(), "c.toml")
  writeFileSync(file, "nonsense")
  expect(await jett("config", "path", "--config", file)).toMatchObject({ exitCode: 0, out: `${file}\n` })
  expect((await jett("config", "schema", "--config", file)).exitCode).toBe(0)
})

test("config show prints TOML that config check accepts, with origins if asked", async () => {
  const shown = await jett("config", "show", "--origin", "--set", "wake.threshold=0.9")
  expect(shown.out).toContain("threshold = 0.9  # --set wake.threshold\n")
  expect(shown.out).toContain('model = "wake-hey-jarvis"  # default\n')
  const file = join(temporaryDirectory(), "c.toml")
  writeFileSync(file, shown.out)
  expect(await jett("config", "check", "--config", file)).toMatchObject({ exitCode: 0, out: "" })
})

test("config check says where it looked and what it thinks of it", async () => {
  const { exitCode, err, home } = await jett("config", "check", "--set", "privacy.allow_remote_llm=true")
  expect(exitCode).toBe(0)
  expect(err).toContain("warning: privacy.allow_remote_llm = true")
  expect(err).toContain(join(home, "config/jett/config.toml"))
})

test("transcribe of what is no file fails before anything is loaded", async () => {
  expect(await jett("transcribe", "/nonexistent.wav")).toMatchObject({
    exitCode: 1,
    err: "error: /nonexistent.wav is not a file; name a WAV file\n",
  })
})

test("a text longer than the daemon takes is a usage error", async () => {
  expect((await jett("say", "x".repeat(4_001))).exitCode).toBe(2)
})
