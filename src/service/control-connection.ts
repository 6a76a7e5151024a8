import type { Socket } from "node:net"
import { LineSplitter } from "../platform/line-splitter.ts"
import type { Acknowledgement, Assistant, Outcome, ToolQuestion } from "../ports/assistant.ts"
import {
  type ControlErrorCode,
  type ControlReply,
  type ControlRequest,
  type ControlResult,
  type Hello,
  MAX_LINE_BYTES,
  PROTOCOL_VERSION,
  parseRequest,
  type RequestId,
} from "./control-protocol.ts"
import { publicEvent } from "./public-event.ts"

export interface ControlServices {
  readonly assistant: Assistant
  readonly version: string
  readonly onShutdown: () => void
  readonly idleMs: number
}

const MAX_IN_FLIGHT = 8

/** A peer that lets this much pile up is not reading, and is dropped. */
const MAX_UNREAD_BYTES = 1024 * 1024

/** Answers one client until it goes away. Whatever it sends, the daemon goes on. */
export function serveConnection(socket: Socket, services: ControlServices): void {
  const lines = new LineSplitter(MAX_LINE_BYTES)
  const gone = new AbortController()
  const inFlight = new Set<RequestId>()
  const endings: (() => void)[] = []
  /** Questions that were asked on this connection: nobody else answers them. */
  const questions = new Set<string>()

  const send = (message: ControlReply | Hello): void => {
    if (!socket.writable) return
    socket.write(`${JSON.stringify(message)}\n`)
    if (socket.writableLength > MAX_UNREAD_BYTES) socket.destroy()
  }
  const fail = (id: RequestId | null, code: ControlErrorCode, message: string): void =>
    send({ id, event: "error", code, message })

  const receive = (line: string): void => {
    if (line.trim() === "") return
    const parsed = parseRequest(line)
    if (!parsed.ok) {
      fail(parsed.id, "bad-request", parsed.message)
      return
    }
    const { request } = parsed
    const { id } = request
    if (inFlight.has(id)) {
      fail(id, "bad-request", "this id is already in use on this connection")
      return
    }
    if (inFlight.size >= MAX_IN_FLIGHT) {
      fail(id, "too-many", `more than ${MAX_IN_FLIGHT} requests at once on one connection`)
      return
    }
    inFlight.add(id)
    answer(request, services, send, { signal: gone.signal, endings, questions })
      .catch(() => fail(id, "failed", "the assistant failed; `jett doctor` may tell why"))
      .finally(() => {
        // A subscription goes on for as long as the connection does.
        if (request.method !== "subscribe") inFlight.delete(id)
      })
  }

  socket.on("data", (chunk) => {
    const received = lines.push(chunk)
    if (received === "too-long") {
      fail(null, "line-too-long", `a line is longer than ${MAX_LINE_BYTES} bytes`)
      socket.end()
      socket.removeAllListeners("data").resume()
      return
    }
    for (const line of received) receive(line)
  })
  socket.setTimeout(services.idleMs, () => {
    if (inFlight.size === 0) socket.end()
  })
  socket.on("close", () => {
    gone.abort()
    for (const end of endings) end()
  })
  send({ event: "hello", protocol: PROTOCOL_VERSION, version: services.version, pid: process.pid })
}

interface ConnectionState {
  /** Aborted with the connection. */
  readonly signal: AbortSignal
  readonly endings: (() => void)[]
  readonly questions: Set<string>
}

async function answer(
  request: ControlRequest,
  { assistant, onShutdown }: ControlServices,
  send: (reply: ControlReply) => void,
  { signal, endings, questions }: ConnectionState,
): Promise<void> {
  const { id } = request
  const result = (value: ControlResult): void => send({ id, event: "result", value })
  const settle = (outcome: Outcome | Acknowledgement): void => {
    if (outcome.ok) result(outcome)
    else send({ id, event: "error", code: outcome.code, message: outcome.message })
  }
  switch (request.method) {
    case "status":
      return result(assistant.status())
    case "ps":
      return result({ processes: assistant.processes(), ...assistant.models() })
    case "say":
      return settle(await assistant.say(request.text, signal))
    case "ask":
      return settle(await assistant.ask(request.text, (text) => send({ id, event: "text", text }), signal))
    case "transcribe":
      return settle(await assistant.transcribe(request.wavPath, signal))
    case "ptt":
      return settle(assistant.pushToTalk())
    case "mute":
      return settle(assistant.mute())
    case "unmute":
      return settle(assistant.unmute())
    case "cancel":
      return settle(assistant.cancel())
    case "tool.call": {
      const onQuestion = (question: ToolQuestion): void => {
        questions.add(question.consentId)
        send({ id, event: "question", ...question })
      }
      return result(await assistant.callTool(request.name, request.arguments, onQuestion, signal))
    }
    case "tool.answer":
      if (!questions.delete(request.consentId)) return settle(notAsked)
      await assistant.answerQuestion(request.consentId, request.text)
      return result({ ok: true })
    case "pin.pending":
      return result({ pending: assistant.pendingPin() ?? null })
    case "pin.confirm":
      return result(await assistant.confirmPin(request.consentId, request.pin))
    case "pin.deny":
      await assistant.denyPin(request.consentId)
      return result({ ok: true })
    case "subscribe": {
      const unsubscribe = assistant.events((event) => {
        const told = publicEvent(event)
        if (told !== undefined) send({ id, ...told })
      })
      endings.push(unsubscribe)
      if (signal.aborted) unsubscribe()
      return
    }
    case "shutdown":
      result({ ok: true })
      return onShutdown()
  }
}

const notAsked = {
  ok: false,
  code: "refused",
  message: "no such question waits for an answer on this connection",
} as const
