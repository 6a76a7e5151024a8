import { Command, CommanderError, Option } from "commander"
import type { Environment } from "../config/paths.ts"
import { readVersion } from "../platform/version.ts"
import type { CommandContext, CommandIo, OptionValues } from "./command.ts"
import { ExitCode } from "./exit-code.ts"
import { failureOf, usageFailure } from "./failure.ts"
import { paint } from "./output.ts"
import { type CommandDefinition, commands } from "./registry.ts"

export interface ProgramOptions {
  /** The words after `jett`. */
  readonly argv: readonly string[]
  readonly env: Environment
  readonly io: CommandIo
  readonly signal: AbortSignal
  /** Called with the verb before it runs. */
  readonly onCommand?: ((command: CommandDefinition) => void) | undefined
}

/** Parses the command line, runs the verb and settles with the exit code; never rejects. */
export async function runProgram(options: ProgramOptions): Promise<number> {
  const { argv, io } = options
  let exitCode: number = ExitCode.ok
  const program = buildProgram(options, (code) => {
    exitCode = code
  })
  try {
    await program.parseAsync(argv, { from: "user" })
    return exitCode
  } catch (error) {
    // Commander has printed its message; help and version are not failures.
    if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.ok : ExitCode.usage
    // Whoever pressed Ctrl-C knows why it ended.
    if (options.signal.aborted) return ExitCode.failure
    return report(error, io, argv.includes("--json"))
  }
}

function report(error: unknown, io: CommandIo, json: boolean): number {
  const failure = failureOf(error)
  io.note(`${paint(io.colour, "red", "error")}: ${failure.message}\n`)
  if (json) io.out(`${JSON.stringify({ ok: false, code: failure.code, message: failure.message })}\n`)
  return failure.exitCode
}

function buildProgram(options: ProgramOptions, settle: (exitCode: number) => void): Command {
  const { io } = options
  const program = withGlobalOptions(new Command("jett"))
    .description("A private, hands-free voice assistant.")
    .version(readVersion(), "--version", "print the version")
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({ writeOut: (text) => io.out(text), writeErr: (text) => io.note(text) })
  const groups = new Map<string, Command>()
  for (const definition of commands) {
    const [first = "", second] = definition.name.split(" ")
    const parent = second === undefined ? program : groupOf(program, groups, first)
    const command = withGlobalOptions(parent.command(second ?? first)).description(definition.summary)
    for (const [notation, doc] of definition.arguments ?? []) command.argument(notation, doc)
    for (const [flags, doc] of definition.options ?? []) command.option(flags, doc)
    command.action(async () => {
      options.onCommand?.(definition)
      const context = contextOf(definition, command, options)
      settle(await (await definition.load()).run(context))
    })
  }
  return program
}

const groupSummaries: Readonly<Record<string, string>> = {
  models: "list, fetch and check models",
  config: "show and check the configuration",
  tools: "see what may be done to which container, and do it",
  audit: "read and check the log of every action",
  pin: "the PIN that the dangerous actions need",
  gpu: "see what lets speech run on an NVIDIA GPU, and fetch it",
}

function groupOf(program: Command, groups: Map<string, Command>, name: string): Command {
  const found = groups.get(name)
  if (found !== undefined) return found
  const group = program.command(name).description(groupSummaries[name] ?? name)
  groups.set(name, group)
  return group
}

/** Taken before and after the verb. */
function withGlobalOptions(command: Command): Command {
  return command
    .option("--json", "print data as JSON on stdout")
    .option("--config <file>", "use this configuration file")
    .addOption(
      new Option("--set <key=value>", "override one setting, for example wake.threshold=0.6").argParser(
        collect,
      ),
    )
}

function collect(pair: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), pair]
}

function contextOf(
  definition: CommandDefinition,
  command: Command,
  { env, io, signal }: ProgramOptions,
): CommandContext {
  const values: OptionValues = command.opts()
  const globals: OptionValues = command.parent === null ? {} : ancestorOptions(command.parent)
  const file = values["config"] ?? globals["config"]
  return {
    verb: definition.name,
    args: command.processedArgs.flat().filter((argument) => typeof argument === "string"),
    options: values,
    json: values["json"] === true || globals["json"] === true,
    env,
    io,
    configFile: typeof file === "string" ? file : undefined,
    overrides: readOverrides([globals["set"], values["set"]]),
    signal,
  }
}

function ancestorOptions(command: Command): OptionValues {
  return { ...(command.parent === null ? {} : ancestorOptions(command.parent)), ...command.opts() }
}

function readOverrides(lists: readonly unknown[]): ReadonlyMap<string, string> {
  const overrides = new Map<string, string>()
  for (const pair of lists.flat()) {
    if (typeof pair !== "string") continue
    const equals = pair.indexOf("=")
    if (equals < 1) throw usageFailure(`--set ${pair}: expected key=value, for example wake.threshold=0.6`)
    overrides.set(pair.slice(0, equals), pair.slice(equals + 1))
  }
  return overrides
}
