import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process"
import { tmpdir } from "node:os"

/** A child process of a sound server's tools, ended without mercy: it holds nothing worth saving. */
export class AudioProcess {
  readonly child: ChildProcess
  /** Resolves when the process is gone, also when it never started. */
  readonly gone: Promise<void>
  #exited = false
  #killed = false
  #stderr = ""

  /**
   * `onExit` is called once, with a reason a person can read, unless `kill` was called before. Each process has a group
   * of its own, so that Ctrl-C reaches us alone and we end them in order; should we die, their pipes break and they end.
   */
  constructor(
    command: string,
    args: readonly string[],
    stdio: NonNullable<SpawnOptions["stdio"]>,
    onExit: (reason: string) => void,
  ) {
    this.child = spawn(command, args, {
      stdio,
      detached: true,
      env: toolEnvironment(),
      // naudiodon's crash handler leaves a file where it stands.
      cwd: tmpdir(),
    })
    this.gone = new Promise((resolve) => {
      const end = (reason: string) => {
        if (this.#exited) return
        this.#exited = true
        resolve()
        if (!this.#killed) onExit(reason)
      }
      this.child.once("error", (error) => end(`${command} did not start: ${error.message}`))
      this.child.once("exit", (code, signal) =>
        end(`${command} ended (${signal ?? `exit ${code}`})${this.#lastWords()}`),
      )
    })
    // A broken pipe is told by the exit; without a listener it would end our own process.
    for (const stream of this.child.stdio) stream?.on("error", () => undefined)
    this.child.stderr?.on("data", (bytes: Buffer) => {
      this.#stderr = (this.#stderr + bytes.toString("utf8")).slice(-500)
    })
  }

  get alive(): boolean {
    return !this.#exited && !this.#killed
  }

  kill(): void {
    this.#killed = true
    if (!this.#exited) this.child.kill("SIGKILL")
  }

  #lastWords(): string {
    const line =
      this.#stderr
        .trim()
        .split(/[\r\n]+/)
        .at(-1)
        ?.trim() ?? ""
    return line === "" ? "" : `: ${line}`
  }
}

/** The tools' messages and numbers are parsed, so their language is fixed; device names stay UTF-8. */
export const toolEnvironment = (): NodeJS.ProcessEnv => ({
  ...process.env,
  LC_ALL: "C.UTF-8",
  LANGUAGE: "C",
})
