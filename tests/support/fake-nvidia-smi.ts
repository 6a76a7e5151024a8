import { chmodSync, existsSync, readFileSync, renameSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const fixture = fileURLToPath(new URL("../fixtures/fake-nvidia-smi.mjs", import.meta.url))

interface FakeSmiState {
  /** `die` ends with nvidia-smi's own message and `exitCode`; `hang` says nothing more. */
  readonly mode: "ok" | "hang" | "die"
  /** What it prints each round, whole lines. */
  readonly lines: readonly string[]
  readonly exitCode?: number
}

/** A FAKE `nvidia-smi` in `folder`, driven by a state file; put the folder on PATH or give `program`. */
export class FakeNvidiaSmi {
  readonly program: string
  readonly #stateFile: string
  #state: FakeSmiState = { mode: "ok", lines: [] }

  constructor(folder: string) {
    this.program = join(folder, "nvidia-smi")
    this.#stateFile = join(folder, "state.json")
    this.set({})
    writeFileSync(
      this.program,
      `#!/bin/sh\nexec '${process.execPath}' '${fixture}' '${this.#stateFile}' "$@"\n`,
    )
    chmodSync(this.program, 0o755)
  }

  set(changes: Partial<FakeSmiState>): void {
    this.#state = { ...this.#state, ...changes }
    // In one step: it is read at any moment.
    writeFileSync(`${this.#stateFile}.new`, JSON.stringify(this.#state))
    renameSync(`${this.#stateFile}.new`, this.#stateFile)
  }

  /** The GPU of the prototype, with `usedMib` in use. */
  uses(usedMib: number): void {
    this.set({ mode: "ok", lines: [smiLine(usedMib)] })
  }

  /** The process ids of its programs, in the order in which they were started. */
  started(): readonly number[] {
    const log = `${this.#stateFile}.log`
    if (!existsSync(log)) return []
    return readFileSync(log, "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => Number.parseInt(line, 10))
  }
}

/** A line as nvidia-smi 550 prints it; 212 MiB are reserved, in neither `used` nor `free`. */
export const smiLine = (usedMib: number, index = 0): string =>
  `${index}, NVIDIA GeForce RTX 3070, 550.54.14, 8192, ${usedMib - 212}, ${8192 - usedMib}`
