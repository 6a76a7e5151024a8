import * as Effect from "effect/Effect"
import { stateFolder } from "../config/paths.ts"
import { pinProblem } from "../security/pin/pin-rules.ts"
import { openPin, type PinStore } from "../security/pin.ts"
import type { CommandContext } from "./command.ts"
import { ExitCode } from "./exit-code.ts"
import { CommandFailure } from "./failure.ts"
import { switchOption } from "./options.ts"
import { printJson } from "./output.ts"
import { type HiddenInput, readHidden, readOneLine, terminalForPin } from "./read-hidden.ts"

/** `jett pin set` and `jett pin clear`. The PIN is never an argument, an option's value or a variable. */
export async function run(
  context: CommandContext,
  pin: PinStore = openPin(stateFolder(context.env)),
): Promise<number> {
  return context.verb === "pin clear" ? clear(context, pin) : set(context, pin)
}

async function set(context: CommandContext, pin: PinStore): Promise<number> {
  const chosen = switchOption(context.options, "stdin")
    ? await readOneLine(context.io.stdin, context.signal)
    : await askTwice(context)
  await Effect.runPromise(pin.set(chosen))
  if (context.json) printJson(context, { set: true })
  else context.io.note("The PIN is set.\n")
  return ExitCode.ok
}

async function clear(context: CommandContext, pin: PinStore): Promise<number> {
  const cleared = await Effect.runPromise(pin.clear)
  if (context.json) printJson(context, { cleared })
  else context.io.note(cleared ? "The PIN is forgotten.\n" : "There was no PIN.\n")
  return ExitCode.ok
}

async function askTwice({ io, signal }: CommandContext): Promise<string> {
  const terminal = terminalForPin(io)
  const ask = (prompt: string, input: HiddenInput): Promise<string> =>
    readHidden(input, signal, () => io.note(prompt)).finally(() => io.note("\n"))
  const chosen = await ask("New PIN (4 to 12 digits): ", terminal)
  const problem = pinProblem(chosen)
  if (problem !== undefined) throw new CommandFailure(problem, ExitCode.failure, "bad-pin")
  if ((await ask("The same again: ", terminal)) === chosen) return chosen
  throw new CommandFailure("the two are not the same; nothing was changed", ExitCode.failure, "bad-pin")
}
