import type { Config } from "../../config/definition.ts"
import type { Placement } from "../../ports/residency.ts"
import { table } from "../output.ts"
import type { BudgetReport, BudgetRow, BudgetTogether } from "./report.ts"

/** The report for a person to read. */
export const describeBudget = (report: BudgetReport, config: Config): string =>
  [
    heading(report, config),
    table([
      ["model", "class", "on", "declared", "measured", "cumulative", "decision"],
      ...report.models.map((row) => [
        row.id,
        row.class ?? "",
        row.placement,
        String(row.declaredMib),
        row.measuredMib === null ? "-" : String(row.measuredMib),
        String(row.cumulativeMib),
        decisionText(row),
      ]),
      ...(report.unknown === null
        ? []
        : [[report.unknown.model, "llm", report.unknown.placement, "unknown", "-", "-", "unknown"]]),
    ]),
    [...unknownText(report), ...togetherTexts(report), besideText(report)].join("\n"),
  ].join("\n")

const heading = (report: BudgetReport, { stt }: Config): string => {
  const { profile, isAuto, cpu, note } = report
  return [
    `profile ${profile}${isAuto ? " (auto)" : ""}; all figures in MiB`,
    ...gpuHeading(report),
    `cpu: ${cpu.budgetMib} (${cpu.source === "configured" ? "as configured" : "three quarters of the machine's memory"})`,
    ...(stt.engine === "wyoming"
      ? [
          stt.wyomingCommand === undefined
            ? "speech to text is a Wyoming server's, whose memory is not counted here"
            : "speech to text is a Wyoming server's that Jett starts, counted with what the prototype's took",
        ]
      : []),
    ...(note === null ? [] : [note]),
    "",
  ].join("\n")
}

const gpuHeading = ({ profile, gpu }: BudgetReport): readonly string[] => {
  if (!gpu.isUsed) {
    return [
      `gpu: ${gpu.readMib === null ? "none can be read here, and none is used" : `not used by profile ${profile}`}`,
    ]
  }
  const origin =
    gpu.source !== "configured"
      ? `the total is read by ${gpu.source}`
      : gpu.readMib === null
        ? "as configured: no GPU can be read here"
        : `as configured: the GPU has ${gpu.readMib} MiB`
  const budget = `gpu: ${gpu.totalMib} - ${gpu.reserveMib} reserve - ${gpu.headroomMib} headroom = ${gpu.budgetMib} (${origin})`
  if (gpu.usedMib === null) return [budget]
  return [
    budget,
    `     ${gpu.usedMib} in use now by all programs, Jett's own models too if it runs; that leaves ${gpu.nowMib}`,
  ]
}

const decisionText = ({ decision, degraded, variant, victims }: BudgetRow): string => {
  const rung = degraded ? `degrade to ${variant}` : ""
  if (decision === "evict")
    return [`evict ${victims.join(", ")}`, rung].filter((text) => text !== "").join("; ")
  return decision === "degrade" ? rung : decision
}

const unknownText = ({ unknown }: BudgetReport): readonly string[] =>
  unknown === null ? [] : [`Nobody says how large ${unknown.model} is, so it is left out of what follows.`]

const togetherTexts = ({ together, togetherNow, gpu }: BudgetReport): readonly string[] => {
  const nominal = togetherText("A turn", together, gpu.isUsed)
  if (!gpu.isUsed || gpu.nowMib >= gpu.budgetMib) return [nominal]
  return [nominal, togetherText(`With the ${gpu.nowMib} that are left now, a turn`, togetherNow, gpu.isUsed)]
}

const togetherText = (who: string, together: BudgetTogether | null, usesGpu: boolean): string => {
  if (together === null) return `${who} cannot have them all at once.`
  const pools: readonly Placement[] = usesGpu ? ["gpu", "cpu"] : ["cpu"]
  const pool = (name: Placement): string => {
    const { committedMib, budgetMib, spareMib } = together[name]
    return `${name} ${committedMib} of ${budgetMib}, ${spareMib} spare`
  }
  const lower = together.models.filter(({ degraded }) => degraded).map(({ variant }) => variant)
  const making = lower.length === 0 ? "" : `, making do with ${lower.join(", ")}`
  return `${who} has them all at once${making}: ${pools.map(pool).join("; ")}.`
}

const besideText = ({ besideTheOthers }: BudgetReport): string =>
  besideTheOthers.length === 0
    ? "Each fits beside the others: nothing is evicted for any of them.\n"
    : [
        "Beside all the others as far as they fit:",
        ...besideTheOthers.map((row) => `  for ${row.id}: ${decisionText(row)}`),
        "",
      ].join("\n")
