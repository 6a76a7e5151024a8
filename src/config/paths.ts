import { homedir } from "node:os"
import { isAbsolute, join } from "node:path"
import type { Config } from "./definition.ts"

/** The variables of the environment; `process.env` or a stand-in. */
export type Environment = Readonly<Record<string, string | undefined>>

/** An XDG base folder. Per the XDG specification a relative path in the variable is ignored. */
function baseFolder(env: Environment, variable: string, ...fallback: readonly string[]): string {
  const configured = env[variable]
  if (configured !== undefined && isAbsolute(configured)) return configured
  return join(env["HOME"] || homedir(), ...fallback)
}

/** `$XDG_CONFIG_HOME/jett/config.toml`, or the file that `JETT_CONFIG` names. */
export function configFile(env: Environment): string {
  return env["JETT_CONFIG"] || join(baseFolder(env, "XDG_CONFIG_HOME", ".config"), "jett", "config.toml")
}

/** Where what is downloaded is kept: `$XDG_DATA_HOME/jett`. */
export function dataFolder(env: Environment): string {
  return join(baseFolder(env, "XDG_DATA_HOME", ".local", "share"), "jett")
}

/** Where what Jett writes about itself is kept: `$XDG_STATE_HOME/jett`. */
export function stateFolder(env: Environment): string {
  return join(baseFolder(env, "XDG_STATE_HOME", ".local", "state"), "jett")
}

/** Where the audit log is kept: `$XDG_STATE_HOME/jett/audit`. */
export function auditFolder(env: Environment): string {
  return join(stateFolder(env), "audit")
}

export function modelsFolder(config: Config, env: Environment): string {
  return config.models.dir ?? join(dataFolder(env), "models")
}
