import type { CommandContext } from "./command.ts"
import { ExitCode } from "./exit-code.ts"
import { printJson } from "./output.ts"
import { request } from "./session.ts"
import { wordsOf } from "./words.ts"

export async function run(context: CommandContext): Promise<number> {
  const { turnId } = await request(context, {
    method: "say",
    subject: wordsOf(context),
    onText: () => {},
    devices: { input: "none", output: "speaker" },
  })
  if (context.json) printJson(context, { ok: true, turnId })
  return ExitCode.ok
}
