import { existsSync } from "node:fs"
import { fileURLToPath } from "node:url"
import type { CommandContext, CommandModule } from "./command.ts"
import { ExitCode } from "./exit-code.ts"
import { CommandFailure } from "./failure.ts"

/** The benchmarks are no part of the product: `npm run bench` compiles them, with the sources they measure, to here. */
const PROGRAM = new URL("../with-benchmarks/benchmarks/main.js", import.meta.url)

/** Runs the compiled benchmarks of this checkout. */
export async function run(context: CommandContext): Promise<number> {
  if (!existsSync(fileURLToPath(PROGRAM))) {
    const message =
      "the benchmarks are not built: run them with npm run bench -- voice (or barge-in, stt, tts, wake, llm, process, residency, recovery, growth, chaos, audit, guard, attacks, guard-crash, challenge-words)"
    throw new CommandFailure(message, ExitCode.failure, "not-built")
  }
  const program: unknown = await import(PROGRAM.href)
  if (!isCommandModule(program)) throw new Error(`${PROGRAM.href} exports no run()`)
  return program.run(context)
}

const isCommandModule = (program: unknown): program is CommandModule =>
  typeof program === "object" && program !== null && "run" in program && typeof program.run === "function"
