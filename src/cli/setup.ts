import { availableBackends } from "./audio-backends.ts"
import type { CommandContext } from "./command.ts"
import { ExitCode } from "./exit-code.ts"
import { lookForOllama } from "./ollama.ts"
import { switchOption } from "./options.ts"
import { printJson } from "./output.ts"
import { loadSettings } from "./settings.ts"
import { chooseDevices } from "./setup/device-step.ts"
import { findOllama } from "./setup/ollama-step.ts"
import { openListener } from "./setup/open-listener.ts"
import { probeEcho } from "./setup/probe-echo.ts"
import { probeLevel } from "./setup/probe-level.ts"
import { probeWake } from "./setup/probe-wake.ts"
import { askOn, nobody } from "./setup/questions.ts"
import { measureEcho, testLevel, testWakeWord, tolerant } from "./setup/sound-steps.ts"
import type { SetupProbes, SetupRun } from "./setup/step.ts"
import { editedConfig, writeConfig } from "./setup/write-config.ts"

const realProbes: SetupProbes = {
  backends: availableBackends,
  openListener,
  level: probeLevel,
  wake: probeWake,
  echo: probeEcho,
  ollama: lookForOllama,
}

/**
 * The steps in the order in which one needs the other. Without a terminal, or with `--yes`, nothing is asked and
 * nothing is heard or played: flags and what is already there decide.
 */
export async function run(context: CommandContext, probes: SetupProbes = realProbes): Promise<number> {
  const { io, options } = context
  const quiet = switchOption(options, "yes") || switchOption(options, "nonInteractive") || !io.interactive
  const questions = quiet ? nobody : askOn(io, context.signal)
  const loaded = loadSettings(context, { mayBeMissing: true })
  const setup: SetupRun = { context, loaded, questions, probes, edits: new Map() }
  try {
    await tolerant(setup, chooseDevices)
    await tolerant(setup, testLevel)
    await tolerant(setup, testWakeWord)
    await tolerant(setup, measureEcho)
    await tolerant(setup, findOllama)
    return await conclude(setup)
  } finally {
    questions.close()
  }
}

async function conclude({ context, loaded, questions, edits }: SetupRun): Promise<number> {
  const { io } = context
  const content = editedConfig(loaded.file, edits)
  const changes = Object.fromEntries([...edits].map(([key, value]) => [key, value ?? null]))
  const dryRun = switchOption(context.options, "dryRun")
  const written = !dryRun && (await questions.confirm(`Write ${loaded.file}?`, true))
  if (written) writeConfig(loaded.file, content)
  if (context.json) printJson(context, { file: loaded.file, written, changes })
  else if (dryRun) io.out(content)
  if (written) io.note(`wrote ${loaded.file}. Next: npm start\n`)
  return ExitCode.ok
}
