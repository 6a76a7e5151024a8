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
 * Starts the program and ends the whole process group as soon as fd 3 does, which is when we are gone, even by SIGKILL: a
 * program that hangs in the driver meets no broken pipe and no end of its stdin. Ends as the program ends. A shell gives
 * what it starts in the background no stdin, hence fd 4; whoever keeps a descriptor that is not its own hides an end.
 */
const KEEPER = `
exec 4<&0
"$@" <&4 3<&- 4<&- & reader=$!
{ read -r _ <&3; kill -KILL 0; } 4<&- >/dev/null 2>&1 & watch=$!
exec </dev/null 3<&- 4<&- >/dev/null 2>&1
wait "$reader"; code=$?
kill -KILL "$watch"
exit "$code"
`

/**
 * A program that reads the GPU and writes lines to its stdout. It has a process group of its own, so that Ctrl-C reaches
 * us alone, and it does not outlive us.
 */
export function startReader(
  command: string,
  args: readonly string[],
  handlers: ReaderHandlers,
): ReaderProcess {
  let over = false
  let lastWords = ""
  const lines = new LineSplitter(MAX_LINE_BYTES)
  const child: ChildProcess = spawn("/bin/sh", ["-c", KEEPER, "sh", command, ...args], {
    stdio: ["pipe", "pipe", "pipe", "pipe"],
    detached: true,
    cwd: tmpdir(),
    env: { ...process.env, LC_ALL: "C", LANGUAGE: "C" },
  })
  const killAll = (): void => {
    if (child.pid === undefined) return
    try {
      process.kill(-child.pid, "SIGKILL")
    } catch {
      // All of them are gone.
    }
  }
  const end = (reason: string, code?: number): void => {
    if (over) return
    over = true
    killAll()
    handlers.gone(reason, code)
  }
  child.once("error", (error) => end(`${command} did not start: ${error.message}`, undefined))
  // Somebody may have ended the keeper alone.
  child.once("exit", killAll)
  // `close`, not `exit`: what it wrote before it ended has been read by then.
  child.once("close", (code, signal) => {
    const words = lastWords.trim().split("\n").at(-1)?.trim() ?? ""
    end(
      `${command} ended (${signal ?? `exit ${code}`})${words === "" ? "" : `: ${words}`}`,
      code ?? undefined,
    )
  })
  // A broken pipe is told by the exit; without a listener it would end our own process.
  for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.on("error", () => undefined)
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
      killAll()
    },
  }
}
