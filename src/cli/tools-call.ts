import { createInterface } from "node:readline"
import { isRecord } from "../platform/is-record.ts"
import type { Actions, ToolQuestion } from "../ports/assistant.ts"
import type { ControlClient } from "../service/control-client.ts"
import { parseJson } from "../service/control-protocol.ts"
import { acquireInstanceLock } from "../service/instance-lock.ts"
import { runtimeFolder } from "../service/runtime-folder.ts"
import type { CommandContext } from "./command.ts"
import { findDaemon } from "./daemon.ts"
import { ExitCode } from "./exit-code.ts"
import { CommandFailure, refusalFailure, usageFailure } from "./failure.ts"
import { type OpenActions, openActions } from "./open-actions.ts"
import { printable } from "./output.ts"
import { loadSettings } from "./settings.ts"
import { printToolAnswer } from "./tool-answer.ts"

/** The part of the guard that is needed here, in this process or behind the socket. */
interface Door {
  callTool(...call: Parameters<Actions["callTool"]>): Promise<unknown>
  answerQuestion(consentId: string, text: string): Promise<void>
}

/** `jett tools call NAME JSON`: the same door as for the voice. Prints the receipt or the refusal. */
export async function run(context: CommandContext, open: OpenActions = openActions): Promise<number> {
  const [name = "", json = "{}"] = context.args
  const args = parseJson(json)
  if (!isRecord(args))
    throw usageFailure(`the arguments must be a JSON object, for example '{"container":"n8n"}'`)
  const daemon = await findDaemon(context)
  if (daemon !== undefined) {
    try {
      return printToolAnswer(context, await call(context, doorOf(daemon), name, args))
    } finally {
      daemon.close()
    }
  }
  const { config } = loadSettings(context)
  // The audit log has one writer.
  const lock = await acquireInstanceLock(runtimeFolder(context.env), context.verb)
  try {
    const actions = await open(config)
    try {
      return printToolAnswer(context, await call(context, actions, name, args))
    } finally {
      await actions.close()
    }
  } finally {
    lock.release()
  }
}

const doorOf = (daemon: ControlClient): Door => ({
  callTool: async (name, args, onQuestion, signal) => {
    const onEvent = (event: Readonly<Record<string, unknown>>): void => {
      const { consentId, question, expiresInMs } = event
      if (event["event"] !== "question") return
      if (typeof consentId === "string" && typeof question === "string")
        onQuestion({ consentId, question, expiresInMs: Number(expiresInMs) })
    }
    const answer = await daemon.request("tool.call", { name, arguments: args }, { signal, onEvent })
    if (!answer.ok) throw refusalFailure(answer.code, answer.message)
    return answer.value
  },
  answerQuestion: async (consentId, text) => {
    await daemon.request("tool.answer", { consentId, text })
  },
})

/** Makes the call; what has to be agreed to is asked on the terminal, as often as the guard asks. */
async function call(
  { io, signal }: CommandContext,
  door: Door,
  name: string,
  args: Readonly<Record<string, unknown>>,
): Promise<unknown> {
  const nobody = new AbortController()
  let reader: AnswerReader | undefined
  const onQuestion = ({ consentId, question }: ToolQuestion): void => {
    if (!io.interactive) {
      nobody.abort()
      return
    }
    reader ??= new AnswerReader(io.stdin)
    io.note(`${printable(question)}\n> `)
    reader.next().then(
      (answer) =>
        answer === undefined ? nobody.abort() : door.answerQuestion(consentId, answer.slice(0, 200)),
      () => nobody.abort(),
    )
  }
  try {
    const answer = await door.callTool(name, args, onQuestion, AbortSignal.any([signal, nobody.signal]))
    if (nobody.signal.aborted) throw unconfirmed()
    return answer
  } catch (error) {
    throw nobody.signal.aborted ? unconfirmed() : error
  } finally {
    reader?.close()
  }
}

const unconfirmed = (): CommandFailure =>
  new CommandFailure(
    "refused: this needs a confirmation that is typed at a terminal, and there was nobody to type it",
    ExitCode.refused,
    "consent-needed",
  )

/** Lines of the terminal, one for each question; undefined at the end of the input. */
class AnswerReader {
  readonly #reader: ReturnType<typeof createInterface>
  readonly #lines: AsyncIterator<string>

  constructor(input: NodeJS.ReadableStream) {
    this.#reader = createInterface({ input, terminal: false })
    this.#lines = this.#reader[Symbol.asyncIterator]()
  }

  async next(): Promise<string | undefined> {
    const { value, done } = await this.#lines.next()
    return done ? undefined : value
  }

  close(): void {
    this.#reader.close()
  }
}
