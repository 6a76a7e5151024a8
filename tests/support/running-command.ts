import { type ChildProcess, spawn } from "node:child_process"

export interface Finished {
  readonly exitCode: number | null
  readonly signal: string | null
  readonly out: string
  readonly err: string
}

/** A Node program that runs, and what it has written so far. */
export class RunningCommand {
  readonly child: ChildProcess
  readonly finished: Promise<Finished>
  out = ""
  err = ""

  constructor(argv: readonly string[], env: NodeJS.ProcessEnv, stdin: "ignore" | "pipe") {
    this.child = spawn(process.execPath, argv, { stdio: [stdin, "pipe", "pipe"], env })
    this.child.stdout?.on("data", (chunk) => {
      this.out += String(chunk)
    })
    this.child.stderr?.on("data", (chunk) => {
      this.err += String(chunk)
    })
    this.finished = new Promise((resolve) => {
      this.child.on("close", (exitCode, signal) =>
        resolve({ exitCode, signal, out: this.out, err: this.err }),
      )
    })
  }
}
