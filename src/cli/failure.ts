import type { RefusalCode } from "../ports/assistant.ts"
import { ExitCode } from "./exit-code.ts"

/** A command ends here, with a message for stderr and an exit code. */
export class CommandFailure extends Error {
  readonly _tag = "CommandFailure"
  readonly exitCode: number
  /** A word for scripts: the `code` of `--json`. */
  readonly code: string

  constructor(message: string, exitCode: number, code: string, options?: ErrorOptions) {
    super(message, options)
    this.exitCode = exitCode
    this.code = code
  }
}

export const usageFailure = (message: string): CommandFailure =>
  new CommandFailure(message, ExitCode.usage, "usage")

export const notRunning = (): CommandFailure =>
  new CommandFailure("not running: start it with npm start", ExitCode.notRunning, "not-running")

/** A `Refusal` of the assistant, in process or over the socket. */
export function refusalFailure(code: RefusalCode | string, message: string): CommandFailure {
  const exitCode =
    code === "refused"
      ? ExitCode.refused
      : code === "model-missing"
        ? ExitCode.modelMissing
        : ExitCode.failure
  return new CommandFailure(message, exitCode, code)
}

const exitCodes: Readonly<Record<string, readonly [exitCode: number, code: string]>> = {
  ConfigError: [ExitCode.badConfiguration, "bad-configuration"],
  AlreadyRunning: [ExitCode.failure, "already-running"],
  ControlFailure: [ExitCode.failure, "no-answer"],
  RuntimeFolderError: [ExitCode.failure, "runtime-folder"],
}

/** Any error as a command's failure: ours by tag, anything else as a plain failure with its first line. */
export function failureOf(error: unknown): CommandFailure {
  if (error instanceof CommandFailure) return error
  if (!(error instanceof Error)) return new CommandFailure(messageOf(error), ExitCode.failure, "failed")
  if ("_tag" in error && typeof error._tag === "string") {
    if (error._tag === "ModelFailure" && "reason" in error && error.reason === "missing") {
      return new CommandFailure(error.message, ExitCode.modelMissing, "model-missing", { cause: error })
    }
    const known = exitCodes[error._tag]
    if (known !== undefined) return new CommandFailure(error.message, known[0], known[1], { cause: error })
  }
  return new CommandFailure(messageOf(error), ExitCode.failure, "failed", { cause: error })
}

/** The message of whatever was thrown. */
export const messageOf = (error: unknown): string => {
  if (error instanceof Error) return error.message || error.name
  const hasMessage = typeof error === "object" && error !== null && "message" in error
  return hasMessage ? String(error.message) : String(error)
}
