import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { ConfigError } from "../../src/config/config-error.ts"
import { type LoadOptions, loadConfig } from "../../src/config/load-config.ts"
import { temporaryDirectory } from "./cli.ts"

/** The configuration in a file with this text, without an environment unless `options` has one. */
export function loadToml(toml: string, options: Partial<LoadOptions> = {}) {
  const file = join(temporaryDirectory(), "config.toml")
  writeFileSync(file, toml)
  return loadConfig({ env: {}, file, ...options })
}

/** What is wrong with it; the file is `config.toml`. Throws where nothing is. */
export function configProblems(toml: string, options: Partial<LoadOptions> = {}): readonly string[] {
  try {
    loadToml(toml, options)
  } catch (error) {
    if (error instanceof ConfigError) {
      return error.problems.map(({ message }) => message.replace(/^\/\S*\/config\.toml/, "config.toml"))
    }
    throw error
  }
  throw new Error("expected a ConfigError")
}
