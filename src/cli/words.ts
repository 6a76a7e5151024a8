import { MAX_TEXT_LENGTH } from "../service/control-protocol.ts"
import type { CommandContext } from "./command.ts"
import { usageFailure } from "./failure.ts"

/** The words of the command line as one text. */
export function wordsOf(context: CommandContext): string {
  const text = context.args.join(" ").trim()
  if (text === "") throw usageFailure(`no words; expected for example: jett ${context.verb} "hello there"`)
  if (text.length > MAX_TEXT_LENGTH) {
    throw usageFailure(`the text has ${text.length} characters; at most ${MAX_TEXT_LENGTH} are taken`)
  }
  return text
}
