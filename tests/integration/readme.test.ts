import { type ChildProcess, spawn } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "vitest"
import { dataFolder } from "../../src/config/paths.ts"
import { readDocument, repository, shellLines } from "../support/documentation.ts"
import { type FakeDocker, fakeDocker } from "../support/fake-docker.ts"
import { describeWith } from "../support/require-component.ts"

const SERVICE = "npx jett serve --set audio.backend=null"

/** The README's commands that are not run here, each with the place where what it does is tested. */
const elsewhere: ReadonlyMap<string, string> = new Map([
  ["npm run demo", ".ci/run runs it"],
  ["npm test", "this is it"],
  ["npm start", "serve.test.ts; it is `npx jett serve` after the set-up"],
  ["npx jett serve", "the same, and with a microphone"],
  ["pactl load-module module-echo-cancel aec_method=webrtc", "the sound server of the tests loads it"],
  ["ollama create jett-qwen3 -f models/Modelfile", "ollama.test.ts creates a smaller one: this fetches 5 GB"],
  ["npx jett models pull tts-kokoro-82m-int8", "pull.test.ts pulls a smaller one"],
  ["npx jett tools hear qdrant", "tools-hear.test.ts speaks and hears names with the same models"],
])

const RESTART_DATABASE = `npx jett tools call restart_container '{"container":"postgres"}'`

/** Those that end with another exit code than 0, as the README says. */
const exits: ReadonlyMap<string, number> = new Map([[RESTART_DATABASE, 4]])

const PIN = "250836"

/** What is asked on the terminal, and what is typed then; the argument is what the first group found. */
type Dialogue = readonly (readonly [asked: RegExp, answer: (found: string) => string])[]

const typed: ReadonlyMap<string, Dialogue> = new Map<string, Dialogue>([
  [
    "npx jett pin set",
    [
      [/digits\): $/, () => PIN],
      [/again: $/, () => PIN],
    ],
  ],
  ["npx jett confirm", [[/PIN: $/, () => PIN]]],
  [`npx jett tools call restart_container '{"container":"n8n"}'`, [[/say: (\w+)\.\s+> $/, (word) => word]]],
])

/** The table that the README shows. */
const containersOf = (readme: string): string =>
  /```toml\n([^`]*\[containers\.[^`]*)```/.exec(readme)?.[1] ?? ""

const lines = [...new Set(shellLines(readDocument("README.md")))]

describeWith("models", "the README's commands", () => {
  let home = ""
  let env: NodeJS.ProcessEnv = {}
  let service: ChildProcess | undefined
  let docker: FakeDocker | undefined

  /** As a user types it, in the clone. */
  const type = (line: string): ChildProcess =>
    spawn("bash", ["-c", line], { cwd: repository, env, stdio: ["ignore", "pipe", "pipe"], detached: true })

  /** The same, on a terminal of its own. */
  const typeOnTerminal = (line: string): ChildProcess =>
    spawn("script", ["-qec", line, "/dev/null"], { cwd: repository, env, stdio: "pipe", detached: true })

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), "jr-"))
    docker = await fakeDocker()
    for (const name of ["n8n", "postgres", "qdrant"]) docker.state.add(name)
    mkdirSync(join(home, "config", "jett"), { recursive: true })
    const settings = containersOf(readDocument("README.md"))
    writeFileSync(join(home, "config", "jett", "config.toml"), settings, { mode: 0o600 })
    env = {
      ...process.env,
      XDG_DATA_HOME: join(dataFolder(process.env), ".."),
      XDG_CONFIG_HOME: join(home, "config"),
      XDG_STATE_HOME: join(home, "state"),
      XDG_RUNTIME_DIR: home,
      // The table is the README's; the engine that it names is nobody's.
      JETT_DOCKER_HOST: docker.host,
      JETT_AUDIO_BACKEND: "null",
      // No Ollama of this machine's is asked: the same happens everywhere.
      JETT_LLM_PROVIDER: "embedded",
    }
    // Signs the log at its end, so that there is a checkpoint without a minute's wait.
    await finished(type("npx jett tools call get_time"))
    service = type(SERVICE)
    await said(service, /ready: listening/)
  })

  afterAll(async () => {
    const { code } = await finished(type("npx jett stop"))
    if (code !== 0 && service?.pid !== undefined) process.kill(-service.pid, "SIGKILL")
    await docker?.close()
    rmSync(home, { recursive: true, force: true })
  })

  test("are all run, or known to be run elsewhere", () => {
    expect(lines).toContain(SERVICE)
    const known = [...elsewhere.keys(), ...exits.keys(), ...typed.keys()]
    expect(known.filter((line) => !lines.includes(line))).toEqual([])
  })

  test.each(lines.filter((line) => line !== SERVICE && !elsewhere.has(line)))("%s", async (line) => {
    const answers = typed.get(line)
    const command = line.replace("/tmp/", `${home}/`)
    const { code, err } =
      answers === undefined
        ? await finished(type(command))
        : await finished(answering(typeOnTerminal(command), answers))
    const expected = exits.get(line) ?? 0
    expect({ code, err: code === expected ? "" : err }).toEqual({ code: expected, err: "" })
  })

  test("changed on the engine what was confirmed, and nothing else", () => {
    const changes = docker?.changes().map(({ target }) => target.replace(/\?.*|^\/v[\d.]+/g, ""))
    expect(changes).toEqual(["/containers/n8n/restart", "/containers/postgres/restart"])
  })
})

/** Types each answer as soon as what it answers has been written. */
const answering = (child: ChildProcess, answers: Dialogue): ChildProcess => {
  const left = [...answers]
  let text = ""
  child.stdout?.on("data", (chunk) => {
    text += String(chunk)
    const [asked, answer] = left[0] ?? []
    const found = asked?.exec(text)
    if (answer === undefined || found === undefined || found === null) return
    left.shift()
    text = ""
    child.stdin?.write(`${answer(found[1] ?? "")}\n`)
  })
  return child
}

const finished = (child: ChildProcess): Promise<{ readonly code: number | null; readonly err: string }> =>
  new Promise((resolve) => {
    let err = ""
    child.stdout?.resume()
    child.stderr?.on("data", (chunk) => {
      err += String(chunk)
    })
    child.on("close", (code) => resolve({ code, err }))
  })

/** Settles when the process has written something that fits; rejects with what it wrote when it ends before. */
const said = (child: ChildProcess, expected: RegExp): Promise<void> =>
  new Promise((resolve, reject) => {
    let text = ""
    const hear = (chunk: unknown): void => {
      text += String(chunk)
      if (expected.test(text)) resolve()
    }
    child.stdout?.on("data", hear)
    child.stderr?.on("data", hear)
    child.on("close", (code) => reject(new Error(`ended with ${code}: ${text}`)))
  })
