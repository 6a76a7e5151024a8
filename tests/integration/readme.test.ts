import { type ChildProcess, spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "vitest"
import { dataFolder } from "../../src/config/paths.ts"
import { readDocument, repository, shellLines } from "../support/documentation.ts"
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
])

const lines = [...new Set(shellLines(readDocument("README.md")))]

describeWith("models", "the README's commands", () => {
  let home = ""
  let env: NodeJS.ProcessEnv = {}
  let service: ChildProcess | undefined

  /** As a user types it, in the clone. */
  const type = (line: string): ChildProcess =>
    spawn("bash", ["-c", line], { cwd: repository, env, stdio: ["ignore", "pipe", "pipe"], detached: true })

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), "jr-"))
    env = {
      ...process.env,
      XDG_DATA_HOME: join(dataFolder(process.env), ".."),
      XDG_CONFIG_HOME: join(home, "config"),
      XDG_RUNTIME_DIR: home,
      JETT_AUDIO_BACKEND: "null",
      // No Ollama of this machine's is asked: the same happens everywhere.
      JETT_LLM_PROVIDER: "embedded",
    }
    service = type(SERVICE)
    await said(service, /ready: listening/)
  })

  afterAll(async () => {
    const { code } = await finished(type("npx jett stop"))
    if (code !== 0 && service?.pid !== undefined) process.kill(-service.pid, "SIGKILL")
    rmSync(home, { recursive: true, force: true })
  })

  test("are all run, or known to be run elsewhere", () => {
    expect(lines).toContain(SERVICE)
    expect([...elsewhere.keys()].filter((line) => !lines.includes(line))).toEqual([])
  })

  test.each(lines.filter((line) => line !== SERVICE && !elsewhere.has(line)))("%s", async (line) => {
    const { code, err } = await finished(type(line.replace("/tmp/", `${home}/`)))
    expect({ code, err: code === 0 ? "" : err }).toEqual({ code: 0, err: "" })
  })
})

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
