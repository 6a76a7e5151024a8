import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { temporaryDirectory } from "../../support/cli.ts"

/** A configuration file that holds this. */
export const configFileWith = (toml: string): string => {
  const file = join(temporaryDirectory(), "config.toml")
  writeFileSync(file, toml, { mode: 0o600 })
  return file
}
