import { spawn } from "node:child_process"
import { errorCode, SourceFailure, StoreFailure } from "./failures.ts"

export interface ClientRun {
  readonly command: string
  readonly args: readonly string[]
  /** Where the client runs and keeps its temporary files: on the store's own file system. */
  readonly directory: string
  readonly signal: AbortSignal
  readonly env?: Readonly<Record<string, string>> | undefined
}

/** The program is not on this machine. */
export class ClientMissing extends Error {}

const KEPT_OUTPUT = 16 * 1024

/**
 * Runs a registry's own client to its end. It gets its own process group, which is killed at once when `signal`
 * aborts, so that an interrupted pull leaves nothing running. Rejects with `ClientMissing`, `SourceFailure` (it
 * ended badly; the message is its own last error lines) or `StoreFailure` (it ran out of disk).
 */
export const runClient = (run: ClientRun): Promise<void> =>
  new Promise((resolve, reject) => {
    run.signal.throwIfAborted()
    const child = spawn(run.command, run.args, {
      cwd: run.directory,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, TMPDIR: run.directory, ...run.env },
    })
    let output = ""
    const keep = (chunk: string) => {
      output = (output + chunk).slice(-KEPT_OUTPUT)
    }
    child.stdout.setEncoding("utf8").on("data", keep)
    child.stderr.setEncoding("utf8").on("data", keep)
    const kill = () => {
      if (child.pid === undefined) return
      try {
        process.kill(-child.pid, "SIGKILL")
      } catch (error) {
        if (errorCode(error) !== "ESRCH") throw error
      }
    }
    run.signal.addEventListener("abort", kill, { once: true })
    child.once("error", (cause) => {
      run.signal.removeEventListener("abort", kill)
      reject(
        errorCode(cause) === "ENOENT"
          ? new ClientMissing(`${run.command} was not found`)
          : new SourceFailure({ message: `${run.command} could not be started: ${cause.message}`, cause }),
      )
    })
    child.once("close", (code, signal) => {
      run.signal.removeEventListener("abort", kill)
      if (run.signal.aborted) reject(run.signal.reason)
      else if (code === 0) resolve()
      else reject(badEnd(run.command, code, signal, output))
    })
  })

const badEnd = (command: string, code: number | null, signal: string | null, output: string) => {
  const how = signal === null ? `exit code ${code}` : `signal ${signal}`
  if (/ENOSPC|No space left on device|EDQUOT/i.test(output)) {
    return new StoreFailure({ message: `${command} ran out of disk space` })
  }
  return new SourceFailure({ message: `${command} failed (${how}): ${lastErrors(output)}` })
}

/** The lines that a person needs of what npm and pip print when they fail. */
const lastErrors = (output: string): string => {
  const lines = output.split("\n").map((line) => line.trim())
  const errors = lines
    .filter((line) => /^(npm (error|ERR!)|ERROR:|error:)/i.test(line))
    .map((line) => line.replace(/^(npm (error|ERR!)|ERROR:)\s*/i, ""))
    .filter((line) => line !== "" && !/complete log of this run|\.log$/i.test(line))
  const chosen = errors.length > 0 ? errors : lines.filter((line) => line !== "").slice(-1)
  return chosen.slice(0, 3).join("; ") || "it said nothing"
}
