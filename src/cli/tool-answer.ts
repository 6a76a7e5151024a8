import { isRecord } from "../platform/is-record.ts"
import type { CommandContext } from "./command.ts"
import { ExitCode } from "./exit-code.ts"
import { refusalFailure } from "./failure.ts"
import { printable, printJson } from "./output.ts"

/**
 * Prints a receipt or a refusal, from this process or over the socket, and gives the exit code that it stands for: 4 where
 * nothing was begun, whatever the reason, an engine that is away among them; 1 for what was begun and failed, or whose end
 * nobody saw.
 */
export function printToolAnswer(context: CommandContext, answer: unknown): number {
  const { type, outcome, speech, untrusted } = isRecord(answer) ? answer : {}
  if ((type !== "receipt" && type !== "denied") || typeof speech !== "string")
    throw refusalFailure("failed", "the daemon's answer makes no sense; restart it")
  if (context.json) printJson(context, answer)
  else {
    context.io.out(`${printable(speech)}\n`)
    if (typeof untrusted === "string") context.io.out(`${printable(untrusted)}\n`)
  }
  if (type === "denied") return ExitCode.refused
  return outcome === "done" || outcome === "unchanged" ? ExitCode.ok : ExitCode.failure
}
