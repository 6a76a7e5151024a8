import { isRecord } from "../platform/is-record.ts"
import type {
  Acknowledgement,
  AssistantStatus,
  ModelsStatus,
  Outcome,
  PinOutcome,
  ProcessRow,
  RefusalCode,
  ToolQuestion,
} from "../ports/assistant.ts"
import type { PendingPin } from "../ports/consent.ts"
import type { ToolResult } from "../ports/tools.ts"

/**
 * The control socket: one JSON object a line, both ways, over a Unix socket that only its owner may open.
 * The server greets with `Hello`. A request has an id of the client's choosing; every line of its answer carries
 * that id; the last one is `result` or `error`. Requests on one connection may overlap.
 */
export const PROTOCOL_VERSION = 1

/** Longest line either side accepts. A longer one is answered with an error and the connection is closed. */
export const MAX_LINE_BYTES = 64 * 1024

/** Longest text of `say` and `ask`, in characters. */
export const MAX_TEXT_LENGTH = 4_000

export type ControlRequest =
  | { readonly id: RequestId; readonly method: "say" | "ask"; readonly text: string }
  | { readonly id: RequestId; readonly method: "transcribe"; readonly wavPath: string }
  | {
      readonly id: RequestId
      readonly method: "tool.call"
      readonly name: string
      readonly arguments: Readonly<Record<string, unknown>>
    }
  /** The typed answer to a `question` of a call on the same connection. */
  | {
      readonly id: RequestId
      readonly method: "tool.answer"
      readonly consentId: string
      readonly text: string
    }
  | {
      readonly id: RequestId
      readonly method: "pin.confirm"
      readonly consentId: string
      readonly pin: string
    }
  | { readonly id: RequestId; readonly method: "pin.deny"; readonly consentId: string }
  | { readonly id: RequestId; readonly method: PlainMethod }

export type RequestId = string | number

/** Methods without an argument. `subscribe` streams events until the connection ends. */
export type PlainMethod = (typeof plainMethods)[number]

const plainMethods = [
  "status",
  "ptt",
  "mute",
  "unmute",
  "cancel",
  "ps",
  "subscribe",
  "shutdown",
  "pin.pending",
] as const

export interface Hello {
  readonly event: "hello"
  readonly protocol: number
  readonly version: string
  readonly pid: number
}

/** What the socket tells of an `AssistantEvent`: never what was said. */
export type PublicEvent =
  | { readonly event: "state"; readonly value: string; readonly atMs: number }
  | { readonly event: "notice"; readonly level: string; readonly message: string }
  | {
      readonly event: "turn"
      readonly turnId: string
      readonly revision: number
      readonly route: string
      readonly interrupted: boolean
      readonly totalMs?: number | undefined
    }

export type ControlReply =
  | { readonly id: RequestId; readonly event: "text"; readonly text: string }
  | ({ readonly id: RequestId; readonly event: "question" } & ToolQuestion)
  | ({ readonly id: RequestId } & PublicEvent)
  | { readonly id: RequestId; readonly event: "result"; readonly value: ControlResult }
  | {
      readonly id: RequestId | null
      readonly event: "error"
      readonly code: ControlErrorCode
      readonly message: string
    }

export type ControlResult =
  | AssistantStatus
  | ({ readonly processes: readonly ProcessRow[] } & ModelsStatus)
  | Extract<Outcome, { ok: true }>
  | Extract<Acknowledgement, { ok: true }>
  /** A denial is an answer too, not an error. */
  | ToolResult
  | PinOutcome
  | { readonly pending: PendingPin | null }

export type ControlErrorCode = RefusalCode | "bad-request" | "line-too-long" | "too-many"

export type ParsedRequest =
  | { readonly ok: true; readonly request: ControlRequest }
  | { readonly ok: false; readonly id: RequestId | null; readonly message: string }

/** Reads one line of a client; total, whatever the line holds. */
export function parseRequest(line: string): ParsedRequest {
  const value = parseJson(line)
  if (!isRecord(value)) return { ok: false, id: null, message: "not a JSON object; expected one a line" }
  const { id, method } = value
  if (!isRequestId(id)) {
    return { ok: false, id: null, message: '"id" must be a number or a string of at most 64 characters' }
  }
  const plain = plainMethods.find((name) => name === method)
  if (plain !== undefined) return { ok: true, request: { id, method: plain } }
  if (method === "say" || method === "ask") {
    const { text } = value
    if (typeof text !== "string" || text.trim() === "" || text.length > MAX_TEXT_LENGTH) {
      return { ok: false, id, message: `"text" must be a string of 1 to ${MAX_TEXT_LENGTH} characters` }
    }
    return { ok: true, request: { id, method, text } }
  }
  if (method === "transcribe") {
    const { wavPath } = value
    if (typeof wavPath !== "string" || !wavPath.startsWith("/") || wavPath.includes("\0")) {
      return { ok: false, id, message: '"wavPath" must be an absolute path' }
    }
    return { ok: true, request: { id, method, wavPath } }
  }
  const action = parseAction(id, value)
  if (action !== undefined) return action
  const known = [...plainMethods, "say", "ask", "transcribe", ...actionMethods].join(", ")
  return { ok: false, id, message: `unknown "method"; expected one of ${known}` }
}

const actionMethods = ["tool.call", "tool.answer", "pin.confirm", "pin.deny"] as const

/** Longest name, id, answer or PIN, in characters. No message repeats what was sent. */
const MAX_WORD_LENGTH = 256

/** The methods about tools; undefined for any other. */
function parseAction(id: RequestId, value: Readonly<Record<string, unknown>>): ParsedRequest | undefined {
  const method = actionMethods.find((name) => name === value["method"])
  const { name, arguments: args, consentId, text, pin } = value
  const wrong = (what: string): ParsedRequest => ({ ok: false, id, message: what })
  const short = (field: string): string =>
    `"${field}" must be a string of at most ${MAX_WORD_LENGTH} characters`
  switch (method) {
    case undefined:
      return undefined
    case "tool.call":
      if (!isShort(name)) return wrong(short("name"))
      if (!isRecord(args)) return wrong('"arguments" must be a JSON object')
      return { ok: true, request: { id, method, name, arguments: args } }
    case "tool.answer":
      if (!isShort(consentId)) return wrong(short("consentId"))
      if (!isShort(text)) return wrong(short("text"))
      return { ok: true, request: { id, method, consentId, text } }
    case "pin.confirm":
      if (!isShort(consentId)) return wrong(short("consentId"))
      if (!isShort(pin)) return wrong(short("pin"))
      return { ok: true, request: { id, method, consentId, pin } }
    case "pin.deny":
      if (!isShort(consentId)) return wrong(short("consentId"))
      return { ok: true, request: { id, method, consentId } }
  }
}

const isShort = (value: unknown): value is string =>
  typeof value === "string" && value.length <= MAX_WORD_LENGTH

export function parseJson(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

function isRequestId(value: unknown): value is RequestId {
  return (
    (typeof value === "number" && Number.isFinite(value)) || (typeof value === "string" && value.length <= 64)
  )
}
