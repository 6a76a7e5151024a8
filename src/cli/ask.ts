import type { CommandContext } from "./command.ts"
import { ExitCode } from "./exit-code.ts"
import { printable, printJson } from "./output.ts"
import { request } from "./session.ts"
import { wordsOf } from "./words.ts"

/** Prints the reply as it is written; with `--json`, once, at the end. */
export async function run(context: CommandContext): Promise<number> {
  let shown = false
  const { reply, turnId } = await request(context, {
    method: "ask",
    subject: wordsOf(context),
    onText: (piece) => {
      if (context.json) return
      shown = true
      context.io.out(printable(piece))
    },
    devices: { input: "none", output: "none" },
  })
  if (context.json) printJson(context, { reply, turnId })
  else context.io.out(shown ? "\n" : `${printable(reply)}\n`)
  return ExitCode.ok
}
