import type { ProcessRow } from "../ports/assistant.ts"
import { readProcesses } from "../service/control-results.ts"
import type { CommandContext } from "./command.ts"
import { withDaemon } from "./daemon.ts"
import { ExitCode } from "./exit-code.ts"
import { refusalFailure } from "./failure.ts"
import { printJson, table } from "./output.ts"
import { pssMib } from "./process-memory.ts"

export const run = (context: CommandContext): Promise<number> =>
  withDaemon(context, async (daemon) => {
    const answer = await daemon.request("ps", {}, { signal: context.signal })
    if (!answer.ok) throw refusalFailure(answer.code, answer.message)
    const rows = readProcesses(answer.value).map((row) => ({ ...row, pssMib: pssMib(row.pid) ?? null }))
    if (context.json) printJson(context, rows)
    else context.io.out(table([heading, ...rows.map(cells)]))
    return ExitCode.ok
  })

const heading = ["process", "pid", "state", "PSS MiB", "restarts", "up", "models"] as const

function cells(row: ProcessRow & { readonly pssMib: number | null }): readonly string[] {
  const memory = row.pssMib === null ? "?" : row.pssMib.toFixed(1)
  const models = row.models.join(", ")
  return [row.id, String(row.pid), row.state, memory, String(row.restarts), duration(row.uptimeMs), models]
}

/** `3 s`, `12 min`, `5 h`, `3 d`: the largest unit that is at least two, or the smallest. */
export function duration(ms: number): string {
  const seconds = Math.floor(ms / 1_000)
  if (seconds < 120) return `${seconds} s`
  if (seconds < 7_200) return `${Math.floor(seconds / 60)} min`
  if (seconds < 172_800) return `${Math.floor(seconds / 3_600)} h`
  return `${Math.floor(seconds / 86_400)} d`
}
