import type { Assistant, OpenAssistantOptions } from "../ports/assistant.ts"
import type { ControlAnswer, ControlClient } from "../service/control-client.ts"
import { acquireInstanceLock } from "../service/instance-lock.ts"
import { runtimeFolder } from "../service/runtime-folder.ts"
import type { CommandContext } from "./command.ts"
import { findDaemon } from "./daemon.ts"
import { refusalFailure } from "./failure.ts"
import { type OpenAssistant, openAssistant } from "./open-assistant.ts"
import { loadSettings } from "./settings.ts"

/** One request to the assistant, wherever it runs. */
export interface SessionRequest {
  readonly method: "say" | "ask" | "transcribe"
  /** The text, or the absolute path of a WAV file. */
  readonly subject: string
  readonly onText: (piece: string) => void
  /** What a standalone assistant needs to open. */
  readonly devices: Pick<OpenAssistantOptions, "input" | "output">
}

export interface SessionReply {
  readonly reply: string
  readonly turnId: string
}

/**
 * Through the daemon where one runs; else alone, under the lock, with an assistant that lives for this one request.
 * Rejects with CommandFailure where it is refused.
 */
export async function request(
  context: CommandContext,
  wanted: SessionRequest,
  open: OpenAssistant = openAssistant,
): Promise<SessionReply> {
  const daemon = await findDaemon(context)
  if (daemon === undefined) return requestAlone(context, wanted, open)
  try {
    return readReply(await askDaemon(daemon, context, wanted))
  } finally {
    daemon.close()
  }
}

function askDaemon(
  daemon: ControlClient,
  { signal }: CommandContext,
  { method, subject, onText }: SessionRequest,
): Promise<ControlAnswer> {
  const parameters: Readonly<Record<string, string>> =
    method === "transcribe" ? { wavPath: subject } : { text: subject }
  return daemon.request(method, parameters, {
    signal,
    onEvent: ({ event, text }) => {
      if (event === "text" && typeof text === "string") onText(text)
    },
  })
}

function readReply(answer: ControlAnswer): SessionReply {
  if (!answer.ok) throw refusalFailure(answer.code, answer.message)
  const { reply, turnId } = answer.value
  return { reply: String(reply ?? ""), turnId: String(turnId ?? "") }
}

async function requestAlone(
  context: CommandContext,
  wanted: SessionRequest,
  open: OpenAssistant,
): Promise<SessionReply> {
  const { config } = loadSettings(context)
  const lock = await acquireInstanceLock(runtimeFolder(context.env), context.verb)
  try {
    const assistant = await open(config, { ...wanted.devices, signal: context.signal })
    try {
      const outcome = await perform(assistant, wanted, context.signal)
      if (!outcome.ok) throw refusalFailure(outcome.code, outcome.message)
      return outcome
    } finally {
      await assistant.shutdown()
    }
  } finally {
    lock.release()
  }
}

function perform(assistant: Assistant, { method, subject, onText }: SessionRequest, signal: AbortSignal) {
  switch (method) {
    case "say":
      return assistant.say(subject, signal)
    case "ask":
      return assistant.ask(subject, onText, signal)
    case "transcribe":
      return assistant.transcribe(subject, signal)
  }
}
