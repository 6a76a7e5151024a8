import { existsSync } from "node:fs"
import { homedir } from "node:os"
import { fileURLToPath } from "node:url"
import { dataFolder } from "../../src/config/paths.ts"
import { RunningCommand } from "./running-command.ts"

/** The command line of the built program. */
export const entry = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url))

/** A command of the whole built program, with the models of this machine and a home of its own. */
export class BuiltCommand extends RunningCommand {
  constructor(home: string, argv: readonly string[], env: Readonly<Record<string, string>> = {}) {
    if (!existsSync(entry)) throw new Error(`${entry} is missing: run "npm run build" first.`)
    const surroundings = {
      PATH: process.env["PATH"],
      HOME: process.env["HOME"] ?? homedir(),
      XDG_DATA_HOME: dataFolder(process.env).replace(/\/jett$/, ""),
      XDG_CONFIG_HOME: `${home}/config`,
      XDG_RUNTIME_DIR: home,
      // No Ollama of this machine's is asked: what is tested is the same everywhere.
      JETT_LLM_PROVIDER: "embedded",
    }
    super([entry, ...argv], { ...surroundings, ...env }, "ignore")
  }

  get pid(): number {
    return this.child.pid ?? 0
  }

  /** The JSON objects it has printed so far, one a line. */
  lines(): readonly Readonly<Record<string, unknown>>[] {
    return this.out
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line))
  }
}
