import type { EditValue } from "../../config/edit-toml.ts"
import type { LoadedConfig } from "../../config/load-config.ts"
import type { AudioBackend } from "../../ports/audio.ts"
import type { AvailableBackends } from "../audio-backends.ts"
import type { CommandContext } from "../command.ts"
import type { lookForOllama } from "../ollama.ts"
import type { OpenListener } from "./open-listener.ts"
import type { ProbeEcho } from "./probe-echo.ts"
import type { ProbeLevel } from "./probe-level.ts"
import type { ProbeWake } from "./probe-wake.ts"
import type { Questions } from "./questions.ts"

/** What touches hardware, models or the network; a test puts its own in their place. */
export interface SetupProbes {
  readonly backends: AvailableBackends
  readonly openListener: OpenListener
  readonly level: ProbeLevel
  readonly wake: ProbeWake
  readonly echo: ProbeEcho
  readonly ollama: typeof lookForOllama
}

/** What the steps share. `edits` is what will be written; a step reads what an earlier one decided from it. */
export interface SetupRun {
  readonly context: CommandContext
  readonly loaded: LoadedConfig
  readonly questions: Questions
  readonly probes: SetupProbes
  readonly edits: Map<string, EditValue>
  /** The back end chosen by the device step; absent where there is none. */
  backend?: AudioBackend | undefined
}

/** The microphone or the speaker: as just chosen, else as configured. */
export function deviceOf(run: SetupRun, direction: "input" | "output"): string | undefined {
  const key = `audio.${direction}`
  const chosen = run.edits.get(key)
  if (run.edits.has(key)) return typeof chosen === "string" ? chosen : undefined
  return run.loaded.config.audio[direction]
}
