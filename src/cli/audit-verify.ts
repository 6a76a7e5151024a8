import { existsSync, readFileSync } from "node:fs"
import { parseVerifierKey } from "../security/audit/signed-note.ts"
import { verifySteps } from "../security/audit/verify-log.ts"
import { type VerifyReport, verdicts } from "../security/audit/verify-report.ts"
import type { CommandContext } from "./command.ts"
import { CommandFailure, messageOf, usageFailure } from "./failure.ts"
import { textOption } from "./options.ts"
import { paint, printable, printJson, table } from "./output.ts"

/** `jett audit verify`: exits with 0 valid, 10 broken, 11 truncated against the checkpoint, 12 cannot be verified. */
export const verify = async (context: CommandContext, path: string): Promise<number> => {
  if (!existsSync(path)) {
    throw unverifiable(
      `there is no audit log at ${path}: it is begun when the assistant is first started`,
      "no-log",
    )
  }
  const report = await inSteps(verifySteps(path, keptElsewhere(context)), context.signal)
  const exitCode = verdicts[report.verdict]
  if (context.json) printJson(context, { ...report, exitCode })
  else context.io.out(describe(context, report))
  return exitCode
}

/** Between two steps Ctrl-C is heard. */
const inSteps = async (
  steps: Generator<number, VerifyReport>,
  signal: AbortSignal,
): Promise<VerifyReport> => {
  try {
    for (;;) {
      const step = steps.next()
      if (step.done === true) return step.value
      await new Promise((resume) => setImmediate(resume))
      signal.throwIfAborted()
    }
  } finally {
    steps.return({ verdict: "unverifiable", message: "It was interrupted.", rows: 0 })
  }
}

const keptElsewhere = ({ options }: CommandContext) => {
  const file = textOption(options, "checkpoint")
  const keyText = textOption(options, "key")
  const key = keyText === undefined ? undefined : parseVerifierKey(keyText)
  if (keyText !== undefined && key === undefined)
    throw usageFailure("--key: expected a line as jett audit export --key prints it")
  return { checkpoint: file === undefined ? undefined : readCheckpoint(file), key }
}

const readCheckpoint = (file: string): string => {
  try {
    return readFileSync(file, "utf8")
  } catch (error) {
    throw unverifiable(`the checkpoint ${file} cannot be read: ${messageOf(error)}`, "no-checkpoint")
  }
}

const unverifiable = (message: string, code: string): CommandFailure =>
  new CommandFailure(message, verdicts.unverifiable, code)

const colours = { valid: "green", broken: "red", truncated: "red", unverifiable: "yellow" } as const

const describe = ({ io }: CommandContext, { verdict, message, ...report }: VerifyReport): string => {
  const facts = Object.entries({
    rows: report.rows,
    "first bad row": report.firstBadRow,
    head: report.head,
    "signed up to row": report.covered,
    key: report.key,
  }).flatMap(([name, value]) => (value === undefined ? [] : [[`  ${name}`, printable(String(value))]]))
  return `${paint(io.colour && io.stdoutIsTerminal, colours[verdict], verdict)}: ${printable(message)}\n${table(facts)}`
}
