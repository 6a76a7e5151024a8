import type { Environment } from "../config/paths.ts"

/** Where a command reads and writes. Data goes to `out`, everything a person reads meanwhile to `note`. */
export interface CommandIo {
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean }
  /** Writes to stdout. */
  out(text: string): void
  /** Writes to stderr. */
  note(text: string): void
  /** True where stderr is a terminal that wants colour (`NO_COLOR` unset). */
  readonly colour: boolean
  /** True where somebody can answer a question. */
  readonly interactive: boolean
  readonly stdoutIsTerminal: boolean
  readonly stderrIsTerminal: boolean
}

/** The options of a verb as they were parsed: commander's camel-case names. */
export type OptionValues = Readonly<Record<string, unknown>>

/** All that a verb is given. */
export interface CommandContext {
  readonly verb: string
  /** The positional arguments, in order; those of a rest argument are separate entries. */
  readonly args: readonly string[]
  readonly options: OptionValues
  readonly json: boolean
  readonly env: Environment
  readonly io: CommandIo
  /** `--config`, absent where the default file is meant. */
  readonly configFile: string | undefined
  /** `--set key=value`, in the order given. */
  readonly overrides: ReadonlyMap<string, string>
  /** Aborted by SIGINT, SIGTERM, SIGHUP or a closed stdout; the reason is a `StopReason`. */
  readonly signal: AbortSignal
}

export type StopReason = "SIGINT" | "SIGTERM" | "SIGHUP" | "EPIPE"

/** What each file of a verb exports. Settles with the exit code; rejects with an error that `failureOf` knows. */
export interface CommandModule {
  run(context: CommandContext): Promise<number>
}
