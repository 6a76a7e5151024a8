import { type ChildProcess, spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import { CHECKOUT } from "../demo-lines.ts"

const PROGRAM = fileURLToPath(new URL("tests/fixtures/guard-actions.mjs", CHECKOUT))

/** Something that a caller was told. */
export interface Acknowledgement {
  readonly callId: string
  readonly type: "asked" | "receipt" | "denied" | "pin-refused"
  readonly outcome?: string | undefined
  /** The hash of the outcome's row. */
  readonly receiptId?: string | undefined
  readonly code?: string | undefined
  readonly tool?: string | undefined
}

const CHANGE = /^(re)?start_|^stop_/

/** Jett's actions at work in a process of their own, which can be killed. */
export class ActingProcess {
  readonly #child: ChildProcess
  readonly ended: Promise<number | null>
  /** Settles when somebody was told something, or the process is gone. */
  readonly begun: Promise<unknown>
  /** Settles when somebody was told that something was done, or the process is gone. */
  readonly acted: Promise<unknown>
  #out = ""

  constructor(
    home: string,
    host: string,
    mode: "act" | "limited",
    life: number,
    again: readonly string[] = [],
  ) {
    this.#child = spawn(process.execPath, [PROGRAM, home, host, mode, String(life), ...again], {
      stdio: ["ignore", "pipe", "inherit"],
    })
    let begun = (): void => {}
    let acted = (): void => {}
    const first = new Promise<void>((resolve) => {
      begun = resolve
    })
    const firstDone = new Promise<void>((resolve) => {
      acted = resolve
    })
    this.#child.stdout?.on("data", (chunk: Buffer) => {
      this.#out += chunk.toString()
      begun()
      if (this.acknowledged().some(({ outcome, tool }) => outcome === "done" && CHANGE.test(tool ?? "")))
        acted()
    })
    this.ended = new Promise((resolve) => this.#child.once("close", (code) => resolve(code)))
    this.begun = Promise.race([first, this.ended])
    this.acted = Promise.race([firstDone, this.ended])
  }

  /** Whole lines only. */
  acknowledged(): readonly Acknowledgement[] {
    return this.#out
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line))
  }

  async kill(): Promise<void> {
    this.#child.kill("SIGKILL")
    await this.ended
  }
}
