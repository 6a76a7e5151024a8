import type { AssistantSystem } from "../../src/actors/assistant-system.ts"
import type { Config } from "../../src/config/definition.ts"
import { isRunning } from "../../tests/support/processes.ts"
import { PLAIN_TEMPLATE, type RealOllama, startOllama } from "../../tests/support/real-ollama.ts"
import { Bag } from "./bag.ts"
import type { Blow, Striker } from "./striker.ts"

export const OLLAMA_FAULTS = ["runner-kill", "runner-stop", "server-kill", "unload"] as const

export type OllamaFault = (typeof OLLAMA_FAULTS)[number]

/** The name of the model in that server. */
const MODEL = "jett-chaos"
/** Most stops are short enough for a reply to go on after them; the long ones outlast what a token may take. */
const SHORT_STOP_MS = 3_000
const LONG_STOP_MS = 15_000
const LONG_STOPS_SHARE = 0.25
/** For a service manager to start the server again. */
const LONGEST_AWAY_MS = 3_000
/** On a busy machine that model reads and writes 5 tokens a second; on any machine it is loaded in a few seconds. */
const SETTINGS = { maxReplyTokens: 32, firstTokenMs: 20_000, coldLoadMs: 30_000 } as const
/**
 * It always takes the likeliest word: so small a model rambles otherwise. It is told of no tools, which it would call
 * for everything. And it has one thread: with one for each core it crawls as soon as anything else runs.
 */
const MODELFILE = `FROM weights
TEMPLATE """${PLAIN_TEMPLATE}"""
PARAMETER stop "<|im_end|>"
PARAMETER num_thread 1
PARAMETER top_k 1
`

/** Strikes an Ollama server of its own, and what runs the model there; makes good afterwards what only it can. */
export class OllamaStriker implements Striker {
  readonly #server: RealOllama
  readonly #random: () => number
  readonly #bag: Bag<OllamaFault>
  readonly #owed = new Set<Promise<void>>()
  readonly #failures: unknown[] = []
  readonly #runners = new Set<number>()
  #isUp = true

  private constructor(server: RealOllama, random: () => number) {
    this.#server = server
    this.#random = random
    this.#bag = new Bag(OLLAMA_FAULTS, random)
  }

  /** The real server with a small model; rejects where there is none. */
  static async start(random: () => number): Promise<OllamaStriker> {
    const server = await startOllama()
    try {
      await server.createFrom(MODEL, MODELFILE)
      return new OllamaStriker(server, random)
    } catch (error) {
      await server.stop()
      throw error
    }
  }

  /** The settings with which that server answers, and no other model in its place. */
  configure(config: Config): Config {
    const ollama = { provider: "ollama", ollamaUrl: this.#server.url.origin, ollamaModel: MODEL } as const
    return { ...config, llm: { ...config.llm, ...ollama, ...SETTINGS } }
  }

  strike(): Blow | undefined {
    const fault = this.#bag.next()
    const pid = fault === undefined ? undefined : this.#strike(fault)
    return fault === undefined || pid === undefined ? undefined : { fault, host: "ollama", pid }
  }

  isWriting(system: AssistantSystem): boolean {
    return system.modelsStatus().models.some(({ id, state }) => id === MODEL && state === "busy")
  }

  async settled(): Promise<void> {
    while (this.#owed.size > 0) await Promise.all(this.#owed)
    if (this.#failures.length > 0) throw this.#failures[0]
  }

  async close(): Promise<void> {
    try {
      await this.settled()
    } finally {
      this.#noteRunners()
      await this.#server.stop()
      for (const pid of this.#runners) if (isRunning(pid)) signal(pid, "SIGKILL")
    }
  }

  /** The process that was struck; undefined where there was none, or the server is away already. */
  #strike(fault: OllamaFault): number | undefined {
    if (!this.#isUp) return undefined
    const runners = this.#noteRunners()
    // One that ends may stand beside the one that takes its place.
    const runner = runners.at(-1)
    switch (fault) {
      case "runner-kill":
        return signal(runner, "SIGKILL")
      case "runner-stop":
        return this.#stop(runner)
      case "server-kill":
        this.#isUp = false
        this.#owe(this.#restart(runners))
        return this.#server.pids()[0]
      case "unload":
        if (runner !== undefined) this.#owe(this.#unload())
        return runner
    }
  }

  #noteRunners(): readonly number[] {
    const [, ...runners] = this.#server.pids()
    for (const pid of runners) this.#runners.add(pid)
    return runners
  }

  #stop(runner: number | undefined): number | undefined {
    const stopped = signal(runner, "SIGSTOP")
    const isLong = this.#random() < LONG_STOPS_SHARE
    const ms = this.#random() * (isLong ? LONG_STOP_MS : SHORT_STOP_MS)
    if (stopped !== undefined) this.#owe(after(ms).then(() => void signal(stopped, "SIGCONT")))
    return stopped
  }

  /** As a service manager does it: what the server had started ends too. */
  async #restart(runners: readonly number[]): Promise<void> {
    await this.#server.kill()
    await after(this.#random() * LONGEST_AWAY_MS)
    for (const pid of runners) if (isRunning(pid)) signal(pid, "SIGKILL")
    await this.#server.restart()
    this.#isUp = true
  }

  /** As `ollama stop` does it. That the server is killed meanwhile is no matter. */
  async #unload(): Promise<void> {
    const body = JSON.stringify({ model: MODEL, keep_alive: 0 })
    await fetch(new URL("/api/generate", this.#server.url), { method: "POST", body }).then(
      (response) => response.text().catch(() => undefined),
      () => undefined,
    )
  }

  #owe(work: Promise<void>): void {
    const noted: Promise<void> = work
      .catch((error: unknown) => void this.#failures.push(error))
      .finally(() => this.#owed.delete(noted))
    this.#owed.add(noted)
  }
}

/** The process, if it could be reached. */
const signal = (pid: number | undefined, name: NodeJS.Signals): number | undefined => {
  try {
    return pid !== undefined && process.kill(pid, name) ? pid : undefined
  } catch {
    return undefined
  }
}

const after = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
