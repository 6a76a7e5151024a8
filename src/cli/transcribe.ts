import { statSync } from "node:fs"
import { resolve } from "node:path"
import type { CommandContext } from "./command.ts"
import { ExitCode } from "./exit-code.ts"
import { CommandFailure } from "./failure.ts"
import { noteTruncated } from "./note-truncated.ts"
import { printable, printJson } from "./output.ts"
import { request } from "./session.ts"

export async function run(context: CommandContext): Promise<number> {
  const wavPath = resolve(context.args[0] ?? "")
  if (statSync(wavPath, { throwIfNoEntry: false })?.isFile() !== true) {
    throw new CommandFailure(`${wavPath} is not a file; name a WAV file`, ExitCode.failure, "bad-input")
  }
  await noteTruncated(context, wavPath)
  const { reply } = await request(context, {
    method: "transcribe",
    subject: wavPath,
    onText: () => {},
    devices: { input: "none", output: "none" },
  })
  if (context.json) printJson(context, { text: reply })
  else context.io.out(`${printable(reply)}\n`)
  return ExitCode.ok
}
