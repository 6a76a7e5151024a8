import type { ModelRow, ModelsStatus, ProcessRow } from "../ports/assistant.ts"
import type { PoolSnapshot } from "../ports/residency.ts"
import { readModels, readProcesses } from "../service/control-results.ts"
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
    const processes = readProcesses(answer.value).map((row) => ({ ...row, pssMib: pssMib(row.pid) ?? null }))
    const models = readModels(answer.value)
    if (context.json) printJson(context, { processes, ...models })
    else
      context.io.out([table([processHeading, ...processes.map(processCells)]), ...memory(models)].join("\n"))
    return ExitCode.ok
  })

const processHeading = ["process", "pid", "state", "PSS MiB", "restarts", "up", "models"] as const

function processCells(row: ProcessRow & { readonly pssMib: number | null }): readonly string[] {
  const memory = row.pssMib === null ? "?" : row.pssMib.toFixed(1)
  const models = row.models.join(", ")
  return [row.id, String(row.pid), row.state, memory, String(row.restarts), duration(row.uptimeMs), models]
}

/** Nothing of a daemon that tells nothing of it. */
function memory({ models, pools }: ModelsStatus): readonly string[] {
  return [
    ...(models.length === 0 ? [] : [table([modelHeading, ...models.map(modelCells)])]),
    ...(pools === null ? [] : [`${poolLine("gpu", pools.gpu)}${poolLine("cpu", pools.cpu)}`]),
  ]
}

const modelHeading = [
  "model",
  "state",
  "on",
  "MiB",
  "declared",
  "measured",
  "leases",
  "in use",
  "pinned",
  "variant",
] as const

function modelCells(row: ModelRow): readonly string[] {
  const figure = (mib: number | null): string => (mib === null ? "-" : String(mib))
  const word = (is: boolean): string => (is ? "yes" : "no")
  const { id, state, placement, committedMib, declaredMib, measuredMib, leases, variant } = row
  return [
    id,
    state,
    placement ?? "-",
    String(committedMib),
    figure(declaredMib),
    figure(measuredMib),
    String(leases),
    word(row.inUse),
    word(row.pinned),
    variant ?? "-",
  ]
}

function poolLine(name: "gpu" | "cpu", pool: PoolSnapshot): string {
  const { budgetMib, committedMib, foreignMib, overcommitted } = pool
  const unseen = name === "gpu" ? ", no GPU can be read here" : ""
  const foreign = foreignMib === null ? unseen : `, ${foreignMib} MiB used by other programs`
  return `${name}: ${committedMib} of ${budgetMib} MiB committed${foreign}${overcommitted ? ", overcommitted" : ""}\n`
}

/** `3 s`, `12 min`, `5 h`, `3 d`: the largest unit that is at least two, or the smallest. */
export function duration(ms: number): string {
  const seconds = Math.floor(ms / 1_000)
  if (seconds < 120) return `${seconds} s`
  if (seconds < 7_200) return `${Math.floor(seconds / 60)} min`
  if (seconds < 172_800) return `${Math.floor(seconds / 3_600)} h`
  return `${Math.floor(seconds / 86_400)} d`
}
