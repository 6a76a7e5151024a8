import { StringDecoder } from "node:string_decoder"
import type { CommandIo } from "./command.ts"
import { ExitCode } from "./exit-code.ts"
import { CommandFailure, usageFailure } from "./failure.ts"

/** A terminal that can be told not to show what is typed. */
export type HiddenInput = NodeJS.ReadableStream & { setRawMode(raw: boolean): unknown }

/** More than anything that is asked for, less than what would be a file by mistake. */
const MOST_CHARACTERS = 256

/** The terminal to ask for the PIN on; throws CommandFailure where there is none. */
export function terminalForPin({
  stdin,
  interactive,
}: Pick<CommandIo, "stdin" | "interactive">): HiddenInput {
  const terminal = interactive ? hiddenInput(stdin) : undefined
  if (terminal !== undefined) return terminal
  throw usageFailure("no terminal to ask for the PIN on; a script gives it with --stdin, as one line")
}

/** `stdin` as such a terminal; undefined where it is none. */
const hiddenInput = (stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean }): HiddenInput | undefined =>
  stdin.isTTY === true && canHide(stdin) ? stdin : undefined

const canHide = (stdin: NodeJS.ReadableStream): stdin is HiddenInput =>
  "setRawMode" in stdin && typeof stdin.setRawMode === "function"

/**
 * One line that is typed and not shown; `ask` is called once it would not be, since whoever sees the question may type at
 * once. Backspace and Ctrl-U edit it. Rejects with CommandFailure on Ctrl-C, Ctrl-D and the
 * end of the input, with the signal's reason once that is aborted; the terminal is as before in any case.
 */
export async function readHidden(input: HiddenInput, signal: AbortSignal, ask: () => void): Promise<string> {
  signal.throwIfAborted()
  input.setRawMode(true)
  try {
    ask()
    return await collect(input, signal, (line, key) => {
      // In raw mode the terminal sends the keys themselves.
      if (key === "\u0003") throw interrupted()
      if (key === "\r" || key === "\n") return { line, done: true }
      if (key === "\u0004") throw ended()
      if (key === "\u007f" || key === "\b") return { line: line.slice(0, -1), done: false }
      if (key === "\u0015") return { line: "", done: false }
      return { line: line + key, done: false }
    })
  } finally {
    input.setRawMode(false)
  }
}

/** The only line of an input that is no terminal. Rejects with CommandFailure where there is none, or more. */
export async function readOneLine(
  input: NodeJS.ReadableStream & { readonly isTTY?: boolean },
  signal: AbortSignal,
): Promise<string> {
  signal.throwIfAborted()
  if (input.isTTY === true) {
    const message = "--stdin is for scripts: a terminal would show what is typed; leave --stdin out"
    throw new CommandFailure(message, ExitCode.usage, "usage")
  }
  return collect(input, signal, (line, key) =>
    key === "\n" ? { line: line.replace(/\r$/, ""), done: true } : { line: line + key, done: false },
  )
}

interface Step {
  readonly line: string
  readonly done: boolean
}

/** Feeds `step` with one character after the other until it is done. What follows is left in the input. */
function collect(
  input: NodeJS.ReadableStream,
  signal: AbortSignal,
  step: (line: string, key: string) => Step,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const decoder = new StringDecoder("utf8")
    let line = ""
    const stop = () => {
      input.removeListener("data", onData)
      input.removeListener("end", onEnd)
      input.removeListener("error", onEnd)
      signal.removeEventListener("abort", onAbort)
      input.pause()
    }
    const fail = (error: unknown) => {
      stop()
      reject(error)
    }
    const onAbort = () => fail(signal.reason)
    const onEnd = () => {
      if (line === "") return fail(ended())
      stop()
      resolve(line)
    }
    const onData = (chunk: Buffer | string) => {
      const text = typeof chunk === "string" ? chunk : decoder.write(chunk)
      try {
        for (const [at, key] of [...text].entries()) {
          const next = step(line, key)
          line = next.line
          if (line.length > MOST_CHARACTERS) throw tooLong()
          if (!next.done) continue
          stop()
          const rest = [...text].slice(at + 1).join("")
          if (rest !== "") input.unshift(rest)
          return resolve(line)
        }
      } catch (error) {
        fail(error)
      }
    }
    if ("readableEnded" in input && input.readableEnded === true) return onEnd()
    input.on("data", onData)
    input.on("end", onEnd)
    input.on("error", onEnd)
    signal.addEventListener("abort", onAbort, { once: true })
    input.resume()
  })
}

const interrupted = () =>
  new CommandFailure("interrupted; nothing was changed", ExitCode.interrupted, "interrupted")
const ended = () => new CommandFailure("the input ended; nothing was changed", ExitCode.failure, "cancelled")
const tooLong = () =>
  new CommandFailure(
    `more than ${MOST_CHARACTERS} characters; expected one short line`,
    ExitCode.failure,
    "cancelled",
  )
