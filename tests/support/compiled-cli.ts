import { execFileSync } from "node:child_process"
import { copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, symlinkSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { RunningCommand } from "./running-command.ts"

const root = fileURLToPath(new URL("../../", import.meta.url))

/**
 * Compiles the command line as it is now into a folder of its own, with `tests/fixtures/fake-main.mjs` for a
 * composition root: no model, no device. The caller removes the folder.
 */
export function compileCli(): string {
  const folder = mkdtempSync(join(tmpdir(), "jett-cli-"))
  const tsc = join(root, "node_modules/typescript/bin/tsc")
  const flags = ["--outDir", join(folder, "dist"), "--incremental", "false", "--sourceMap", "false"]
  try {
    execFileSync(process.execPath, [
      tsc,
      "-p",
      join(root, "tsconfig.json"),
      ...flags,
      "--noEmitOnError",
      "false",
    ])
  } catch (error) {
    // Type errors are the type check's business; what counts here is that it was written.
    if (!existsSync(join(folder, "dist/cli/main.js"))) throw error
  }
  copyFileSync(join(root, "package.json"), join(folder, "package.json"))
  cpSync(join(root, "models"), join(folder, "models"), { recursive: true })
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"))
  copyFileSync(join(root, "tests/fixtures/fake-main.mjs"), join(folder, "dist/main.js"))
  return folder
}

/** A command of the compiled command line, with a home of its own. */
export class CompiledCommand extends RunningCommand {
  constructor(
    cli: string,
    home: string,
    argv: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ) {
    mkdirSync(home, { recursive: true, mode: 0o700 })
    const surroundings = {
      PATH: process.env["PATH"],
      HOME: home,
      XDG_RUNTIME_DIR: home,
      FAKE_LOG: join(home, "log"),
    }
    super([join(cli, "dist/cli/main.js"), ...argv], { ...surroundings, ...env }, "pipe")
  }
}
