import { type LoadedConfig, loadConfig } from "../config/load-config.ts"
import type { CommandContext } from "./command.ts"

/** The configuration as this command line, environment and file make it. Raises ConfigError (exit code 78). */
export function loadSettings(
  { env, configFile, overrides }: CommandContext,
  { mayBeMissing = false }: { readonly mayBeMissing?: boolean } = {},
): LoadedConfig {
  return loadConfig({ env, file: configFile, overrides, mayBeMissing })
}
