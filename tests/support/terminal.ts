import { type ChildProcess, spawn } from "node:child_process"
import { entry } from "./built-cli.ts"

/** A command of the built program in a pseudo-terminal, which `script` makes, and somebody who types. */
export class TerminalCommand {
  /** What was on the screen, both streams of it. */
  screen = ""
  readonly finished: Promise<number | null>
  readonly #child: ChildProcess

  constructor(argv: readonly string[], env: Readonly<Record<string, string | undefined>>) {
    const command = [process.execPath, entry, ...argv].map(quoted).join(" ")
    this.#child = spawn("script", ["-q", "-e", "-f", "-c", command, "/dev/null"], {
      stdio: ["pipe", "pipe", "pipe"],
      env: { ...env, TERM: "dumb" },
    })
    this.#child.stdout?.on("data", (bytes) => {
      this.screen += String(bytes)
    })
    this.#child.stdin?.on("error", () => undefined)
    this.finished = new Promise((resolve) => this.#child.on("close", (code) => resolve(code)))
  }

  type(line: string): void {
    this.#child.stdin?.write(`${line}\r`)
  }

  /** What `pattern` found on the screen, its first group. */
  async shows(pattern: RegExp, withinMs = 20_000): Promise<string> {
    for (const deadline = Date.now() + withinMs; ; ) {
      const found = pattern.exec(this.screen)
      if (found !== null) return found[1] ?? found[0]
      if (Date.now() > deadline) throw new Error(`${pattern} is not on the screen: ${this.screen}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
}

const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`
