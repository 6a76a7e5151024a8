import type { Config } from "../config/definition.ts"
import { type LoadedConfig, loadConfig } from "../config/load-config.ts"
import { modelsFolder } from "../config/paths.ts"
import { type AvailableBackends, availableBackends } from "./audio-backends.ts"
import type { CommandContext } from "./command.ts"
import { audioChecks, levelCheck } from "./doctor/audio-checks.ts"
import { auditChecks } from "./doctor/audit-checks.ts"
import { type Check, type CheckResult, type CheckStatus, runCheck } from "./doctor/check.ts"
import { configCheck } from "./doctor/config-check.ts"
import { engineChecks } from "./doctor/engine-checks.ts"
import { gpuChecks } from "./doctor/gpu-check.ts"
import { modelChecks } from "./doctor/model-checks.ts"
import { nativeChecks } from "./doctor/native-checks.ts"
import { ollamaCheck } from "./doctor/ollama-check.ts"
import { pinCheck } from "./doctor/pin-check.ts"
import { coresCheck, diskCheck, memoryCheck, nodeCheck, runtimeCheck } from "./doctor/system-checks.ts"
import { wyomingCheck } from "./doctor/wyoming-check.ts"
import { ExitCode } from "./exit-code.ts"
import { usageFailure } from "./failure.ts"
import { switchOption, textOption } from "./options.ts"
import { paint, printJson } from "./output.ts"
import { loadSettings } from "./settings.ts"

/** Prints a line a check; exit code 1 where one failed. */
export async function run(
  context: CommandContext,
  backends: AvailableBackends = availableBackends,
): Promise<number> {
  const checks = selected(allChecks(context, backends), textOption(context.options, "only"))
  const results: CheckResult[] = []
  // One after another: a check must not be slow or fail because of its neighbour.
  for (const check of checks) {
    if (context.signal.aborted) break
    const result = await runCheck(check)
    results.push(result)
    if (!context.json) context.io.out(describe(result, context.io.colour && context.io.stdoutIsTerminal))
  }
  if (context.json) printJson(context, results)
  return results.some((result) => result.status === "fail") ? ExitCode.failure : ExitCode.ok
}

function allChecks(context: CommandContext, backends: AvailableBackends): readonly Check[] {
  const config = usableConfig(context)
  return [
    nodeCheck(),
    coresCheck,
    memoryCheck,
    diskCheck(modelsFolder(config, context.env)),
    runtimeCheck(context.env),
    configCheck((): LoadedConfig => loadSettings(context)),
    ...nativeChecks(),
    ...modelChecks(config, context.env),
    ...audioChecks(config, backends),
    ...(switchOption(context.options, "level") ? [levelCheck(config, backends)] : []),
    ...gpuChecks(config, context.env),
    ollamaCheck(config),
    wyomingCheck(config),
    ...auditChecks(context.env),
    pinCheck(config, context.env),
    ...engineChecks(config),
  ]
}

/** The defaults where the configuration is broken: the other checks are then still worth something. */
function usableConfig(context: CommandContext): Config {
  try {
    return loadSettings(context).config
  } catch {
    return loadConfig({ env: { JETT_CONFIG: "" }, file: "/dev/null" }).config
  }
}

function selected(checks: readonly Check[], only: string | undefined): readonly Check[] {
  if (only === undefined) return checks
  const wanted = only.split(",").map((id) => id.trim())
  const unknown = wanted.find((prefix) => !checks.some(({ id }) => matches(id, prefix)))
  if (unknown !== undefined) {
    throw usageFailure(`no check ${unknown}; there are ${checks.map(({ id }) => id).join(", ")}`)
  }
  return checks.filter(({ id }) => wanted.some((prefix) => matches(id, prefix)))
}

/** `audio` selects `audio.input` and its like. */
const matches = (id: string, prefix: string): boolean => id === prefix || id.startsWith(`${prefix}.`)

const colours = { ok: "green", warn: "yellow", fail: "red" } as const satisfies Record<CheckStatus, string>

function describe({ id, status, summary, fix }: CheckResult, colour: boolean): string {
  const line = `${paint(colour, colours[status], status.padEnd(4))}  ${id}: ${summary}\n`
  return fix === undefined ? line : `${line}      fix: ${fix}\n`
}
