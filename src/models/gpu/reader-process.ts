import { type ChildProcess, spawn } from "node:child_process"
import { tmpdir } from "node:os"
import { LineSplitter } from "../../platform/line-splitter.ts"

/** Longer than any line that is meant for us. */
const MAX_LINE_BYTES = 64 * 1024

export interface ReaderHandlers {
  line(line: string): void
  /** Once, with a reason that a person can read; not after `kill`. */
  gone(reason: string, code: number | undefined): void
}

export interface ReaderProcess {
  write(line: string): void
  kill(): void
}

/**
 * A program that reads the GPU and writes lines to its stdout. It has a process group of its own, so that Ctrl-C reaches
 * us alone; its stdin ends and its stdout breaks when we die.
 */
export function startReader(
  command: string,
  args: readonly string[],
  handlers: ReaderHandlers,
): ReaderProcess {
  let over = false
  let lastWords = ""
  const lines = new LineSplitter(MAX_LINE_BYTES)
  const child: ChildProcess = spawn(command, args, {
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
    cwd: tmpdir(),
    env: { ...process.env, LC_ALL: "C", LANGUAGE: "C" },
  })
  const end = (reason: string, code?: number): void => {
    if (over) return
    over = true
    child.kill("SIGKILL")
    handlers.gone(reason, code)
  }
  child.once("error", (error) => end(`${command} did not start: ${error.message}`, undefined))
  // `close`, not `exit`: what it wrote before it ended has been read by then.
  child.once("close", (code, signal) => {
    const words = lastWords.trim().split("\n").at(-1)?.trim() ?? ""
    end(
      `${command} ended (${signal ?? `exit ${code}`})${words === "" ? "" : `: ${words}`}`,
      code ?? undefined,
    )
  })
  // A broken pipe is told by the exit; without a listener it would end our own process.
  for (const stream of child.stdio) stream?.on("error", () => undefined)
  child.stderr?.on("data", (bytes: Buffer) => {
    lastWords = (lastWords + bytes.toString("utf8")).slice(-500)
  })
  child.stdout?.on("data", (bytes: Buffer) => {
    const complete = lines.push(bytes)
    if (complete === "too-long") return end(`${command} wrote a line of more than ${MAX_LINE_BYTES} bytes`)
    for (const line of complete) {
      if (over) return
      // nvidia-smi tells its own failures on stdout.
      if (!/^[{\d]/.test(line) && line.trim() !== "") lastWords = line.slice(0, 500)
      handlers.line(line)
    }
  })
  return {
    write: (line) => {
      if (!over) child.stdin?.write(`${line}\n`)
    },
    kill: () => {
      over = true
      child.kill("SIGKILL")
    },
  }
}
