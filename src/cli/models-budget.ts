import { join } from "node:path"
import * as Effect from "effect/Effect"
import type { Config } from "../config/definition.ts"
import { stateFolder } from "../config/paths.ts"
import { openFootprints } from "../models/footprints.ts"
import { profileOf } from "../models/memory-profile.ts"
import type { CommandContext } from "./command.ts"
import { ExitCode } from "./exit-code.ts"
import { usageFailure } from "./failure.ts"
import { type BudgetLook, lookAround } from "./models-budget/look.ts"
import { budgetReport } from "./models-budget/report.ts"
import { budgetTenants } from "./models-budget/tenants.ts"
import { describeBudget } from "./models-budget/text.ts"
import { textOption } from "./options.ts"
import { printJson } from "./output.ts"
import { loadSettings } from "./settings.ts"

/** `jett models budget`: what the ledger would decide for a profile. Loads no model and asks no daemon of ours. */
export async function run(
  context: CommandContext,
  lookAt: (context: CommandContext, config: Config) => Promise<BudgetLook> = lookAround,
): Promise<number> {
  const { config } = loadSettings(context)
  const wanted = wantedProfile(context) ?? config.memory.profile
  const look = await lookAt(context, config)
  const profile = profileOf(
    { ...config, memory: { ...config.memory, profile: wanted } },
    look.source !== "none",
  )
  const { samplesMib } = await Effect.runPromise(
    openFootprints(join(stateFolder(context.env), "footprints.json"), (trouble) =>
      context.io.note(`warning: ${trouble}\n`),
    ),
  )
  const report = budgetReport({
    config,
    profile,
    isAuto: wanted === "auto",
    look,
    tenants: budgetTenants(config, profile, look.ollama),
    footprints: samplesMib,
  })
  if (context.json) printJson(context, report)
  else context.io.out(describeBudget(report, config))
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
