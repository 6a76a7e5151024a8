import { connect, type Socket } from "node:net"
import { isRecord } from "../platform/is-record.ts"
import { LineSplitter } from "../platform/line-splitter.ts"
import { PROTOCOL_VERSION, parseJson } from "./control-protocol.ts"

/** A daemon is there but cannot be talked to, or it broke off. */
export class ControlFailure extends Error {
  readonly _tag = "ControlFailure"
}

type Message = Readonly<Record<string, unknown>>

export type ControlAnswer =
  | { readonly ok: true; readonly value: Message }
  | { readonly ok: false; readonly code: string; readonly message: string }

export interface RequestOptions {
  /** Every line of the answer before the last one. */
  readonly onEvent?: ((event: Message) => void) | undefined
  /** Aborting closes the connection, which cancels what was asked. */
  readonly signal?: AbortSignal | undefined
}

export interface ControlClient {
  readonly pid: number
  readonly version: string
  /** Rejects with ControlFailure where the daemon goes away before it has answered. */
  request(
    method: string,
    parameters?: Readonly<Record<string, unknown>>,
    options?: RequestOptions,
  ): Promise<ControlAnswer>
  close(): void
}

/** A reply holds at most one spoken answer; this is far above that. */
const MAX_REPLY_BYTES = 4 * 1024 * 1024

/**
 * Connects to the daemon; undefined where there is none. Rejects with ControlFailure where one is there but does not
 * greet within `timeoutMs`, or speaks another protocol.
 */
export async function connectControl(
  socketPath: string,
  { timeoutMs = 2_000 }: { readonly timeoutMs?: number } = {},
): Promise<ControlClient | undefined> {
  const socket = await openSocket(socketPath)
  if (socket === undefined) return undefined
  const connection = new Connection(socket)
  const timer = setTimeout(() => {
    connection.breakOff(
      `the daemon did not answer within ${timeoutMs} ms; it may be hung or stopped: end it, then run \`npm start\``,
    )
  }, timeoutMs)
  try {
    const { protocol, version, pid } = await connection.hello
    if (protocol === PROTOCOL_VERSION && typeof version === "string" && typeof pid === "number") {
      return {
        pid,
        version,
        request: (method, parameters = {}, options = {}) => connection.request(method, parameters, options),
        close: () => socket.destroy(),
      }
    }
    const found = JSON.stringify(protocol)
    const message = `the daemon speaks protocol ${found}, this command ${PROTOCOL_VERSION}; restart the daemon`
    connection.breakOff(message)
    throw new ControlFailure(message)
  } finally {
    clearTimeout(timer)
  }
}

interface Pending {
  readonly onEvent: ((event: Message) => void) | undefined
  readonly settle: (answer: ControlAnswer) => void
  readonly reject: (failure: ControlFailure) => void
}

/** The requests under way on one socket. */
class Connection {
  readonly hello: Promise<Message>
  readonly #socket: Socket
  readonly #pending = new Map<number, Pending>()
  readonly #lines = new LineSplitter(MAX_REPLY_BYTES)
  #greeted: (hello: Message) => void = () => {}
  #refused: (failure: ControlFailure) => void = () => {}
  #lastId = 0

  constructor(socket: Socket) {
    this.#socket = socket
    this.hello = new Promise((resolve, reject) => {
      this.#greeted = resolve
      this.#refused = reject
    })
    socket.on("data", (chunk) => {
      const received = this.#lines.push(chunk)
      if (received === "too-long") this.breakOff("the daemon sent a line that is too long; restart it")
      else for (const line of received) this.#receive(line)
    })
    socket.on("error", () => {})
    socket.on("close", () => {
      this.breakOff("the daemon went away before it had answered; `jett status` tells more")
    })
  }

  request(
    method: string,
    parameters: Readonly<Record<string, unknown>>,
    { onEvent, signal }: RequestOptions,
  ): Promise<ControlAnswer> {
    const close = (): void => this.breakOff("given up")
    return new Promise<ControlAnswer>((settle, reject) => {
      if (this.#socket.destroyed || signal?.aborted) {
        reject(new ControlFailure("the connection is closed"))
        return
      }
      const id = ++this.#lastId
      this.#pending.set(id, { onEvent, settle, reject })
      signal?.addEventListener("abort", close, { once: true })
      this.#socket.write(`${JSON.stringify({ ...parameters, id, method })}\n`)
    }).finally(() => signal?.removeEventListener("abort", close))
  }

  breakOff(message: string): void {
    const failure = new ControlFailure(message)
    this.#refused(failure)
    for (const { reject } of this.#pending.values()) reject(failure)
    this.#pending.clear()
    this.#socket.destroy()
  }

  #receive(line: string): void {
    const message = parseJson(line)
    if (!isRecord(message)) return
    const { id, event } = message
    if (event === "hello") {
      this.#greeted(message)
      return
    }
    const waiting = typeof id === "number" ? this.#pending.get(id) : undefined
    if (waiting === undefined || typeof id !== "number") {
      // An error that belongs to no request, such as "too many connections", ends them all.
      if (event === "error") this.breakOff(`the daemon refused: ${String(message["message"])}`)
      return
    }
    const answer = finalAnswer(message)
    if (answer === undefined) {
      waiting.onEvent?.(message)
      return
    }
    this.#pending.delete(id)
    waiting.settle(answer)
  }
}

function finalAnswer(message: Message): ControlAnswer | undefined {
  const { event, value, code, message: text } = message
  if (event === "result") return { ok: true, value: isRecord(value) ? value : {} }
  if (event === "error") return { ok: false, code: String(code), message: String(text) }
  return undefined
}

/** Undefined where nothing listens: no socket, or the remains of one. */
function openSocket(socketPath: string): Promise<Socket | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath)
    socket.once("connect", () => {
      socket.removeAllListeners("error")
      resolve(socket)
    })
    socket.once("error", (error) => {
      const code = "code" in error ? error.code : undefined
      if (code === "ENOENT" || code === "ECONNREFUSED") resolve(undefined)
      else reject(new ControlFailure(`${socketPath} cannot be opened: ${error.message}`, { cause: error }))
    })
  })
}
