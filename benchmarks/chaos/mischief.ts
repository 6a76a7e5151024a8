import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { CHECKOUT } from "../demo-lines.ts"

export const FAULTS = [
  "kill",
  "stop",
  "exit-0",
  "garbage",
  "huge-message",
  "slow-start",
  "out-of-memory",
] as const

export type Fault = (typeof FAULTS)[number]

/** The real host, that misbehaves on command. */
export const CHAOS_HOST = fileURLToPath(new URL("tests/fixtures/chaos-host.mjs", CHECKOUT))

/** Longer than a start ever takes, shorter than the time a start is given. */
const SLOWEST_START_MS = 3000

/** Does things to hosts of this process: by a signal where that is the fault, else by a word to `chaos-host.mjs`. */
export class Mischief {
  /** Where the hosts look, by the id of the process that started them. */
  readonly #folder = join(tmpdir(), `jett-chaos-${process.pid}`)
  readonly #random: () => number

  constructor(random: () => number) {
    this.#random = random
    // Fails where it is there already: then it is somebody else's.
    mkdirSync(this.#folder, { mode: 0o700 })
  }

  /** False where the process was gone before the fault could reach it. */
  strike(fault: Fault, pid: number): boolean {
    switch (fault) {
      case "kill":
        return signal(pid, "SIGKILL")
      case "stop":
        return signal(pid, "SIGSTOP")
      case "slow-start":
        this.#tellNext({ slowMs: Math.round((0.2 + 0.8 * this.#random()) * SLOWEST_START_MS) })
        return signal(pid, "SIGKILL")
      case "out-of-memory":
        // As the engine says it, or as the system ends who asked for too much.
        this.#tellNext({ outOfMemory: this.#random() < 0.5 ? "says so" : "dies" })
        return signal(pid, "SIGKILL")
      default:
        this.#write(String(pid), fault)
        return signal(pid, "SIGUSR2")
    }
  }

  close(): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #tellNext(word: Readonly<Record<string, string | number>>): void {
    this.#write("next", JSON.stringify(word))
  }

  /** Whole or not at all, whoever looks meanwhile. */
  #write(name: string, content: string): void {
    const draft = join(this.#folder, `${name}.draft`)
    writeFileSync(draft, content)
    renameSync(draft, join(this.#folder, name))
  }
}

const signal = (pid: number, name: NodeJS.Signals): boolean => {
  try {
    return process.kill(pid, name)
  } catch {
    return false
  }
}
