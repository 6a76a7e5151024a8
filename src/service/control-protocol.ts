import type {
  Acknowledgement,
  AssistantStatus,
  ModelsStatus,
  Outcome,
  ProcessRow,
  RefusalCode,
} from "../ports/assistant.ts"

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
  | { readonly id: RequestId; readonly method: PlainMethod }

export type RequestId = string | number

/** Methods without an argument. `subscribe` streams events until the connection ends. */
export type PlainMethod = (typeof plainMethods)[number]

const plainMethods = ["status", "ptt", "mute", "unmute", "cancel", "ps", "subscribe", "shutdown"] as const

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
  const known = [...plainMethods, "say", "ask", "transcribe"].join(", ")
  return { ok: false, id, message: `unknown "method"; expected one of ${known}` }
}

export function parseJson(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}

function isRequestId(value: unknown): value is RequestId {
  return (
    (typeof value === "number" && Number.isFinite(value)) || (typeof value === "string" && value.length <= 64)
  )
}
