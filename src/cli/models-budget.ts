import { join } from "node:path"
import * as Effect from "effect/Effect"
import { voiceOf } from "../actors/models/model-system.ts"
import { MIB_PER_TOKEN, ollamaVariants } from "../actors/models/ollama-variants.ts"
import type { Config } from "../config/definition.ts"
import { stateFolder } from "../config/paths.ts"
import { type BudgetDecision, type BudgetPlan, planBudget } from "../machines/residency/residency-budget.ts"
import type { TenantSpec } from "../machines/residency/residency-types.ts"
import { openFootprints } from "../models/footprints.ts"
import { openReadings } from "../models/gpu/readings.ts"
import {
  memoryOf,
  ollamaPlacement,
  PROTOTYPE_LLM_MIB,
  type Profile,
  profileOf,
  ramBudgetMib,
  wyomingMemory,
} from "../models/memory-profile.ts"
import type { MemoryReading, Readings } from "../ports/readings.ts"
import type { Placement } from "../ports/residency.ts"
import type { CommandContext } from "./command.ts"
import { ExitCode } from "./exit-code.ts"
import { usageFailure } from "./failure.ts"
import { textOption } from "./options.ts"
import { printJson, table } from "./output.ts"
import { loadSettings } from "./settings.ts"

interface GpuLook {
  readonly source: Readings["source"]
  readonly reading: MemoryReading | undefined
}

/** One reading of the GPU; without a sign of a driver nothing is started. */
const lookAtGpu = ({ env, signal }: CommandContext): Promise<GpuLook> =>
  Effect.gen(function* () {
    const readings = yield* openReadings({ env })
    const reading = yield* readings.take
    return { source: readings.source, reading }
  }).pipe(Effect.scoped, (look) => Effect.runPromise(look, { signal }))

/** `jett models budget`: what the ledger would decide for a profile. Loads no model and asks no daemon. */
export async function run(
  context: CommandContext,
  look: (context: CommandContext) => Promise<GpuLook> = lookAtGpu,
): Promise<number> {
  const { config } = loadSettings(context)
  const wanted = wantedProfile(context) ?? config.memory.profile
  const gpu = await look(context)
  const profile = profileOf(
    { ...config, memory: { ...config.memory, profile: wanted } },
    gpu.source !== "none",
  )
  const { samplesMib } = await Effect.runPromise(
    openFootprints(join(stateFolder(context.env), "footprints.json"), (trouble) =>
      context.io.note(`warning: ${trouble}\n`),
    ),
  )
  const budget = budgetOf(config, gpu)
  const tenants = tenantsOf(config, profile)
  const plan = planBudget({
    tenants,
    budgetMib: { gpu: budget.gpu.budgetMib, cpu: budget.cpu.budgetMib },
    footprints: samplesMib,
  })
  const report = { profile, isAuto: wanted === "auto", ...budget, ...shown(plan, tenants, budget) }
  if (context.json) printJson(context, report)
  else context.io.out(describe(report, config))
  return ExitCode.ok
}

const PROFILES: readonly Config["memory"]["profile"][] = ["auto", "prototype", "lean", "cpu"]

const wantedProfile = ({ options }: CommandContext): Config["memory"]["profile"] | undefined => {
  const name = textOption(options, "profile")
  if (name === undefined) return undefined
  const profile = PROFILES.find((one) => one === name)
  if (profile !== undefined) return profile
  throw usageFailure(`--profile is ${JSON.stringify(name)}; expected one of ${PROFILES.join(", ")}`)
}

/** `usedMib`: now, by all programs; null where it cannot be read. */
const budgetOf = (config: Config, { source, reading }: GpuLook) => {
  const { gpuTotalMib, gpuReserveMib: reserveMib, gpuHeadroomMib: headroomMib, ramMib } = config.memory
  const totalMib = Math.min(gpuTotalMib, reading?.totalMib ?? gpuTotalMib)
  const isRead = reading !== undefined && reading.totalMib <= gpuTotalMib
  return {
    gpu: {
      source: isRead ? source : "configured",
      totalMib,
      reserveMib,
      headroomMib,
      budgetMib: Math.max(0, totalMib - reserveMib - headroomMib),
      readMib: reading?.totalMib ?? null,
      usedMib: reading?.usedMib ?? null,
    },
    cpu: {
      source: ramMib > 0 ? "configured" : "a share of the memory",
      budgetMib: ramBudgetMib(config),
    },
  }
}

/** With how much context `jett-qwen3` took what it took on the prototype's GPU. */
const PROTOTYPE_CONTEXT_TOKENS = 2048

/** In the order in which a spoken turn needs them. The memory of a Wyoming server that is not ours is another program's. */
const tenantsOf = (config: Config, profile: Profile): readonly TenantSpec[] => {
  const { llm, stt } = config
  const own = (model: string, modelId: string, modelClass: TenantSpec["modelClass"]): TenantSpec => ({
    model,
    ...memoryOf(profile, { modelId, modelClass }),
  })
  const usesOllama = llm.provider === "ollama" || (llm.provider === "auto" && profile !== "cpu")
  const ollama = (): TenantSpec => ({
    model: llm.ollamaModel,
    modelClass: "llm",
    pinned: false,
    variants: ollamaVariants(
      {
        model: llm.ollamaModel,
        contextTokens: llm.numCtx,
        replyTokens: llm.maxReplyTokens,
        partialOffload: llm.partialOffload,
      },
      {
        weightsMib: PROTOTYPE_LLM_MIB - PROTOTYPE_CONTEXT_TOKENS * MIB_PER_TOKEN,
        placement: ollamaPlacement(profile),
      },
    ),
  })
  const { modelId: voice } = voiceOf(config)
  const recogniser =
    stt.engine === "moonshine"
      ? [own(stt.model, stt.model, "stt")]
      : stt.wyomingCommand === undefined
        ? []
        : [{ model: "wyoming", ...wyomingMemory("wyoming", stt.wyomingCommand) }]
  return [
    own("listener", "listener", "wake"),
    ...recogniser,
    ...(llm.provider === "none"
      ? []
      : usesOllama
        ? [ollama()]
        : [own(llm.embeddedModel, llm.embeddedModel, "llm")]),
    own(voice, voice, "tts"),
  ]
}

type Budget = ReturnType<typeof budgetOf>

/** The plan as it is printed: figures in MiB, null where nothing was measured. */
const shown = (plan: BudgetPlan, tenants: readonly TenantSpec[], budget: Budget) => {
  const row = (decision: BudgetDecision) => ({
    id: decision.model,
    class: tenants.find(({ model }) => model === decision.model)?.modelClass ?? null,
    placement: decision.variant.placement,
    variant: decision.variant.footprintKey,
    declaredMib: decision.variant.declaredMib,
    measuredMib: decision.footprint.measuredMib ?? null,
    committedMib: decision.footprint.committedMib,
    decision: decision.type,
    degraded: decision.degraded,
    victims: decision.victims,
  })
  const { together } = plan
  const pool = (placement: Placement) => {
    const committedMib = (together ?? [])
      .filter(({ variant }) => variant.placement === placement)
      .reduce((sum, { footprint }) => sum + footprint.committedMib, 0)
    return { committedMib, spareMib: budget[placement].budgetMib - committedMib }
  }
  return {
    models: plan.inTurn.map((decision) => ({ ...row(decision), cumulativeMib: decision.cumulativeMib })),
    together:
      together === undefined ? null : { gpu: pool("gpu"), cpu: pool("cpu"), models: together.map(row) },
    besideTheOthers: plan.besideTheOthers.map(row),
  }
}

type Report = { readonly profile: Profile; readonly isAuto: boolean } & Budget & ReturnType<typeof shown>
type Row = Report["besideTheOthers"][number]

const describe = (report: Report, config: Config): string =>
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
    ]),
    `${togetherText(report)}\n${besideText(report)}`,
  ].join("\n")

const heading = ({ profile, isAuto, gpu, cpu }: Report, { stt }: Config): string => {
  const origin =
    gpu.source !== "configured"
      ? `the total is read by ${gpu.source}`
      : gpu.readMib === null
        ? "as configured: no GPU can be read here"
        : `as configured: the GPU has ${gpu.readMib} MiB`
  return [
    `profile ${profile}${isAuto ? " (auto)" : ""}; all figures in MiB`,
    `gpu: ${gpu.totalMib} - ${gpu.reserveMib} reserve - ${gpu.headroomMib} headroom = ${gpu.budgetMib} (${origin})`,
    ...(gpu.usedMib === null
      ? []
      : [`     ${gpu.usedMib} in use now by all programs, which the plan leaves out`]),
    `cpu: ${cpu.budgetMib} (${cpu.source === "configured" ? "as configured" : "three quarters of the machine's memory"})`,
    ...(stt.engine === "wyoming"
      ? ["speech to text is a Wyoming server's, whose memory is not counted here"]
      : []),
    "",
  ].join("\n")
}

const decisionText = ({ decision, degraded, variant, victims }: Row): string => {
  const rung = degraded ? `degrade to ${variant}` : ""
  if (decision === "evict")
    return [`evict ${victims.join(", ")}`, rung].filter((text) => text !== "").join("; ")
  return decision === "degrade" ? rung : decision
}

const togetherText = ({ together, gpu, cpu }: Report): string => {
  if (together === null) return "A turn cannot have them all at once."
  const pool = (name: Placement, budgetMib: number): string =>
    `${name} ${together[name].committedMib} of ${budgetMib}, ${together[name].spareMib} spare`
  const lower = together.models.filter(({ degraded }) => degraded).map(({ variant }) => variant)
  const making = lower.length === 0 ? "" : `, making do with ${lower.join(", ")}`
  return `A turn has them all at once${making}: ${pool("gpu", gpu.budgetMib)}; ${pool("cpu", cpu.budgetMib)}.`
}

const besideText = ({ besideTheOthers }: Report): string =>
  besideTheOthers.length === 0
    ? "Each fits beside the others: nothing is evicted for any of them.\n"
    : [
        "Beside all the others as far as they fit:",
        ...besideTheOthers.map((row) => `  for ${row.id}: ${decisionText(row)}`),
        "",
      ].join("\n")
