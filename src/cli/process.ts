import type { CommandIo, StopReason } from "./command.ts"
import { ExitCode } from "./exit-code.ts"
import { runProgram } from "./program.ts"

const DEFAULT_GRACE_MS = 3_000

const signalCodes: Readonly<Record<StopReason, number>> = {
  SIGINT: ExitCode.interrupted,
  SIGTERM: ExitCode.terminated,
  SIGHUP: 129,
  EPIPE: ExitCode.ok,
}

/** Runs the command line in this process and ends it: signals, closed pipes and exit codes are settled here. */
export async function runProcess(argv: readonly string[]): Promise<void> {
  const stopping = new AbortController()
  let graceMs = DEFAULT_GRACE_MS
  let reason: StopReason | undefined

  const stop = (why: StopReason): void => {
    // A second Ctrl-C means now.
    if (reason !== undefined && why !== "EPIPE") process.exit(signalCodes[why])
    reason ??= why
    stopping.abort(why)
    setTimeout(() => process.exit(signalCodes[why]), graceMs).unref()
  }
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => stop(name))
  // The reader of a pipe may go away (`jett config show | head -1`): that is the end, but not an error.
  process.stdout.on("error", (error) => {
    if ("code" in error && error.code === "EPIPE") stop("EPIPE")
  })
  process.stderr.on("error", () => {})

  const exitCode = await runProgram({
    argv,
    env: process.env,
    io: processIo(),
    signal: stopping.signal,
    onCommand: (command) => {
      graceMs = command.graceMs ?? DEFAULT_GRACE_MS
    },
  })
  // A verb that was stopped and failed for it reports the signal; one that drained and succeeded keeps its code.
  const interrupted = reason !== undefined && (reason === "SIGINT" || exitCode !== ExitCode.ok)
  const code = interrupted && reason !== undefined ? signalCodes[reason] : exitCode
  await Promise.all([flushed(process.stdout), flushed(process.stderr)])
  process.exit(code)
}

/** Settles when what was written has gone out: `process.exit` cuts a pipe short otherwise. */
function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed || !stream.writable) resolve()
    else stream.write("", () => resolve())
  })
}

function processIo(): CommandIo {
  const { stdin, stdout, stderr, env } = process
  const noColour = env["NO_COLOR"] !== undefined && env["NO_COLOR"] !== ""
  return {
    stdin,
    out: (text) => {
      if (stdout.writable) stdout.write(text)
    },
    note: (text) => {
      if (stderr.writable) stderr.write(text)
    },
    colour: stderr.isTTY === true && !noColour && env["TERM"] !== "dumb",
    interactive: stdin.isTTY === true && stderr.isTTY === true,
    stdoutIsTerminal: stdout.isTTY === true,
    stderrIsTerminal: stderr.isTTY === true,
  }
}
