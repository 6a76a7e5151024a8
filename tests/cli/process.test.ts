import { spawn } from "node:child_process"
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest"
import { temporaryDirectory } from "../support/cli.ts"
import { CompiledCommand, compileCli } from "../support/compiled-cli.ts"
import { wavBytes } from "../support/wav-bytes.ts"

let cli = ""

beforeAll(() => {
  cli = compileCli()
}, 120_000)

afterAll(() => {
  rmSync(cli, { recursive: true, force: true })
})

function start(home: string, ...argv: readonly string[]): CompiledCommand {
  const command = new CompiledCommand(cli, home, argv)
  onTestFinished(() => {
    command.child.kill("SIGKILL")
  })
  return command
}

const run = (home: string, ...argv: readonly string[]) => start(home, ...argv).finished

const logOf = (home: string): readonly string[] => readFileSync(join(home, "log"), "utf8").trim().split("\n")

async function serving(home: string): Promise<CompiledCommand> {
  const daemon = start(home, "serve")
  await vi.waitFor(() => expect(daemon.err).toContain("ready:"), { timeout: 10_000 })
  return daemon
}

test("exit codes are those of the documentation", async () => {
  const home = temporaryDirectory()
  writeFileSync(join(home, "bad.toml"), "[wake]\nframes = 0\n")
  const expected: readonly (readonly [exitCode: number, ...argv: string[]])[] = [
    [0, "--version"],
    [0, "config", "check"],
    [1, "transcribe", "/nonexistent.wav"],
    [2, "sttus"],
    [3, "status"],
    [4, "ask", "do harm"],
    [5, "ask", "missing"],
    [78, "config", "check", "--config", join(home, "bad.toml")],
    [78, "serve", "--config", join(home, "bad.toml")],
  ]
  for (const [exitCode, ...argv] of expected) {
    expect([argv, (await run(home, ...argv)).exitCode]).toEqual([argv, exitCode])
  }
}, 30_000)

test("data goes to stdout and nothing else does", async () => {
  const home = temporaryDirectory()
  const asked = await run(home, "ask", "hello", "there")
  expect(asked).toMatchObject({ exitCode: 0, out: "you said hello there\n", err: "" })
  expect(logOf(home)).toEqual(["open none none", "shutdown"])
  expect(JSON.parse((await run(home, "ask", "hello", "--json")).out)).toEqual({
    reply: "you said hello",
    turnId: "turn",
  })
  const wav = join(home, "a.wav")
  writeFileSync(wav, "")
  expect((await run(home, "transcribe", wav)).out).toBe(`heard ${wav}\n`)
}, 30_000)

test("a WAV file that ends too early is transcribed as far as it goes, and the user is told", async () => {
  const home = temporaryDirectory()
  const wav = join(home, "cut.wav")
  writeFileSync(wav, wavBytes({ data: Buffer.alloc(16_000), dataSize: 64_000 }))
  expect(await run(home, "transcribe", wav)).toMatchObject({
    out: `heard ${wav}\n`,
    err: `! ${wav} is cut short: its header promises more than the 0.5 s that are there\n`,
  })
  writeFileSync(wav, wavBytes({ data: Buffer.alloc(16_000) }))
  expect(await run(home, "transcribe", wav)).toMatchObject({ err: "" })
}, 30_000)

test("a daemon is found by every verb, and ends at jett stop", async () => {
  const home = temporaryDirectory()
  const daemon = await serving(home)
  expect((await run(home, "status")).out).toContain("listening (process")
  expect(await run(home, "mute")).toMatchObject({ exitCode: 0, out: "", err: "muted\n" })
  expect(JSON.parse((await run(home, "status", "--json")).out)).toMatchObject({
    muted: true,
    languageModel: "fake",
  })
  expect((await run(home, "ask", "hi")).out).toBe("you said hi\n")
  expect(await run(home, "ptt")).toMatchObject({ exitCode: 1, err: "error: no microphone\n" })
  expect((await run(home, "ask", "do harm")).exitCode).toBe(4)
  const ps: unknown = JSON.parse((await run(home, "ps", "--json")).out)
  expect(ps).toMatchObject({
    processes: [{ id: "main", pid: daemon.child.pid, pssMib: expect.any(Number) }],
    models: [],
    pools: null,
  })
  expect(await run(home, "serve")).toMatchObject({
    exitCode: 1,
    err: expect.stringContaining("already running"),
  })
  expect((await run(home, "stop")).exitCode).toBe(0)
  expect((await daemon.finished).exitCode).toBe(0)
  expect(logOf(home)).toEqual(["open microphone speaker", "shutdown"])
}, 60_000)

test.each([
  ["SIGINT", 130],
  ["SIGTERM", 0],
] as const)(
  "%s drains the daemon, which then exits with %i",
  async (signal, exitCode) => {
    const home = temporaryDirectory()
    const daemon = await serving(home)
    daemon.child.kill(signal)
    expect(await daemon.finished).toMatchObject({ exitCode, signal: null })
    expect(logOf(home).at(-1)).toBe("shutdown")
  },
  30_000,
)

test("after a SIGKILL the next daemon takes over at once, and verbs say meanwhile that none runs", async () => {
  const home = temporaryDirectory()
  const killed = await serving(home)
  killed.child.kill("SIGKILL")
  await killed.finished
  expect((await run(home, "status")).exitCode).toBe(3)
  await serving(home)
  expect((await run(home, "status")).exitCode).toBe(0)
}, 30_000)

test("a daemon that is stopped in its tracks is reported, not waited for", async () => {
  const home = temporaryDirectory()
  const daemon = await serving(home)
  daemon.child.kill("SIGSTOP")
  const { exitCode, err } = await run(home, "status")
  daemon.child.kill("SIGCONT")
  expect([exitCode, err]).toEqual([1, expect.stringContaining("did not answer within")])
}, 30_000)

test("Ctrl-C in the middle of a standalone answer cancels it, shuts down and exits with 130", async () => {
  const home = temporaryDirectory()
  const asking = start(home, "ask", "for ever")
  await vi.waitFor(() => expect(logOf(home)).toContain("open none none"), { timeout: 10_000 })
  asking.child.kill("SIGINT")
  expect(await asking.finished).toMatchObject({ exitCode: 130, out: "", err: "" })
  expect(logOf(home)).toEqual(["open none none", "asking aborted", "shutdown"])
}, 30_000)

test("Ctrl-C in the middle of an answer of the daemon cancels it there, and the daemon goes on", async () => {
  const home = temporaryDirectory()
  await serving(home)
  const asking = start(home, "ask", "for ever")
  await new Promise((resolve) => setTimeout(resolve, 700))
  asking.child.kill("SIGINT")
  expect((await asking.finished).exitCode).toBe(130)
  await vi.waitFor(() => expect(logOf(home)).toContain("asking aborted"))
  expect((await run(home, "status")).exitCode).toBe(0)
}, 30_000)

test("a reader that goes away ends the command without a complaint", async () => {
  const home = temporaryDirectory()
  const command = start(home, "config", "schema")
  command.child.stdout?.destroy()
  expect(await command.finished).toMatchObject({ exitCode: 0, err: "" })
}, 30_000)

test("setup without a terminal does not wait", async () => {
  const home = temporaryDirectory()
  const setup = await run(home, "setup", "--threshold", "0.4", "--skip-ollama", "--backend", "null")
  expect(setup.exitCode).toBe(0)
  expect(readFileSync(join(home, ".config/jett/config.toml"), "utf8")).toContain("threshold = 0.4")
}, 30_000)

test("of many processes that want the lock at once, never two have it, and each gets it or is told who has", async () => {
  const folder = temporaryDirectory()
  const script = join(cli, "contender.mjs")
  writeFileSync(
    script,
    `import { mkdirSync, rmdirSync } from "node:fs"
import { acquireInstanceLock } from "./dist/service/instance-lock.js"
const [folder] = process.argv.slice(2)
let had = 0
for (let turn = 0; turn < 40; turn++) {
  try {
    const lock = await acquireInstanceLock(folder, "contender")
    mkdirSync(folder + "/witness") // fails if another process holds the lock
    await new Promise((resolve) => setTimeout(resolve, 2))
    rmdirSync(folder + "/witness")
    lock.release()
    had++
  } catch (error) {
    if (error._tag !== "AlreadyRunning") throw error
  }
}
console.log(had)
`,
  )
  // Claims of the dead, which all contenders meet at the same time.
  mkdirSync(join(folder, "claims"))
  for (let pid = 4_000_000; pid < 4_000_020; pid++) writeFileSync(join(folder, "claims", `${pid}-0.1`), "")
  const contenders = Array.from({ length: 6 }, () => {
    const child = spawn(process.execPath, [script, folder], { stdio: ["ignore", "pipe", "pipe"] })
    let out = ""
    let err = ""
    child.stdout.on("data", (chunk) => {
      out += String(chunk)
    })
    child.stderr.on("data", (chunk) => {
      err += String(chunk)
    })
    return new Promise<{ readonly had: number; readonly err: string }>((resolve) => {
      child.on("close", () => resolve({ had: Number(out), err }))
    })
  })
  const results = await Promise.all(contenders)
  expect(results.map(({ err }) => err).join("")).toBe("")
  expect(results.reduce((sum, { had }) => sum + had, 0)).toBeGreaterThan(20)
}, 60_000)
