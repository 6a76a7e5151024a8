import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs"
import { dirname } from "node:path"
import { type EditValue, editToml } from "../../config/edit-toml.ts"
import { loadConfig } from "../../config/load-config.ts"

const HEADING = "# Jett. Every setting: jett config show; its meaning: jett config reference.\n"

/** The text of the file after the edits; comments and what setup knows nothing of stay as they are. */
export function editedConfig(file: string, edits: ReadonlyMap<string, EditValue>): string {
  const content = existsSync(file) ? readFileSync(file, "utf8") : HEADING
  return editToml(content, edits)
}

/**
 * Writes the file (0600) beside its place, checks it as a command would read it, and renames it into place; what was
 * there is kept as `….bak`. Raises ConfigError and leaves everything as it was where the result would be wrong.
 */
export function writeConfig(path: string, content: string): void {
  // A configuration kept elsewhere and linked here stays a link.
  const file = existsSync(path) ? realpathSync(path) : path
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const draft = `${file}.${process.pid}.tmp`
  writeFileSync(draft, content, { mode: 0o600 })
  try {
    loadConfig({ env: {}, file: draft })
    if (existsSync(file)) copyFileSync(file, `${file}.bak`)
    renameSync(draft, file)
  } finally {
    rmSync(draft, { force: true })
  }
}
