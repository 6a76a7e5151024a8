import { isRecord } from "../platform/is-record.ts"
import type { PendingPin } from "../ports/consent.ts"
import type { ControlClient } from "../service/control-client.ts"
import type { CommandContext } from "./command.ts"
import { withDaemon } from "./daemon.ts"
import { ExitCode } from "./exit-code.ts"
import { CommandFailure, refusalFailure } from "./failure.ts"
import { switchOption } from "./options.ts"
import { printable, printJson } from "./output.ts"
import { readHidden, readOneLine, terminalForPin } from "./read-hidden.ts"
import { printToolAnswer } from "./tool-answer.ts"

/** `jett confirm`: shows what waits for the PIN and takes it, typed and not shown; `--deny` refuses instead. */
export const run = (context: CommandContext): Promise<number> =>
  withDaemon(context, async (daemon) => {
    const pending = await pendingPin(context, daemon)
    if (pending === undefined)
      throw new CommandFailure("nothing waits for a PIN", ExitCode.failure, "nothing-pending")
    const { consentId } = pending
    if (switchOption(context.options, "deny")) {
      await ask(context, daemon, "pin.deny", { consentId })
      if (context.json) printJson(context, { denied: true })
      else context.io.note(`refused: ${printable(pending.spoken)}\n`)
      return ExitCode.ok
    }
    const seconds = Math.max(0, Math.round(pending.expiresInMs / 1000))
    context.io.note(`waits for the PIN, ${seconds} s more: ${printable(pending.spoken)}\n`)
    const pin = await readPin(context)
    const answer = await ask(context, daemon, "pin.confirm", { consentId, pin })
    if (answer["type"] !== "pin-refused") return printToolAnswer(context, answer)
    const why = String(answer["why"])
    throw new CommandFailure(refusals[why] ?? "the PIN was not taken", ExitCode.refused, `pin-${why}`)
  })

const refusals: Readonly<Record<string, string>> = {
  wrong: "that was not the PIN; nothing was done",
  locked: "too many wrong PINs: wait some minutes, then ask for the operation again",
  "not-set": "there is no PIN yet: set one with jett pin set, then ask for the operation again",
  "not-pending": "too late: the operation does not wait any more; ask for it again",
}

async function pendingPin(context: CommandContext, daemon: ControlClient): Promise<PendingPin | undefined> {
  const { pending } = await ask(context, daemon, "pin.pending", {})
  if (!isRecord(pending)) return undefined
  const { consentId, spoken, expiresInMs } = pending
  if (typeof consentId !== "string" || typeof spoken !== "string") return undefined
  return { consentId, spoken, expiresInMs: Number(expiresInMs) }
}

async function ask(
  { signal }: CommandContext,
  daemon: ControlClient,
  method: string,
  parameters: Readonly<Record<string, string>>,
): Promise<Readonly<Record<string, unknown>>> {
  const answer = await daemon.request(method, parameters, { signal })
  if (!answer.ok) throw refusalFailure(answer.code, answer.message)
  return answer.value
}

async function readPin({ io, options, signal }: CommandContext): Promise<string> {
  if (switchOption(options, "stdin")) return (await readOneLine(io.stdin, signal)).trim()
  return readHidden(terminalForPin(io), signal, () => io.note("PIN: ")).finally(() => io.note("\n"))
}
