import type { AssistantStatus } from "../ports/assistant.ts"
import { readStatus } from "../service/control-results.ts"
import type { CommandContext } from "./command.ts"
import { withDaemon } from "./daemon.ts"
import { ExitCode } from "./exit-code.ts"
import { refusalFailure } from "./failure.ts"
import { printable, printJson, table } from "./output.ts"

export const run = (context: CommandContext): Promise<number> =>
  withDaemon(context, async (daemon) => {
    const answer = await daemon.request("status", {}, { signal: context.signal })
    if (!answer.ok) throw refusalFailure(answer.code, answer.message)
    const status = readStatus(answer.value)
    if (status === undefined) throw refusalFailure("failed", "the daemon's answer makes no sense; restart it")
    if (context.json) printJson(context, { pid: daemon.pid, version: daemon.version, ...status })
    else context.io.out(describeStatus(status, daemon.pid))
    return ExitCode.ok
  })

function describeStatus(status: AssistantStatus, pid: number): string {
  const muted = status.muted && status.state !== "muted" ? ", muted" : ""
  const parts = table(status.parts.map(({ id, state, detail = "" }) => [`  ${id}`, state, printable(detail)]))
  const model = status.languageModel ?? "none: fixed phrases only"
  const notices = status.notices.map((notice) => `! ${printable(notice)}\n`).join("")
  return `${status.state}${muted} (process ${pid})\nlanguage model: ${model}\n${parts}${notices}`
}
