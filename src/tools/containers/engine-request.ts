import { request as httpRequest, type IncomingMessage } from "node:http"
import { containerNameProblem } from "../../security/container-name.ts"
import type { OpenConnection } from "./engine-connection.ts"

export interface EngineRequest {
  readonly method: string
  /** Path and query. */
  readonly target: string
  /** Until a connection stands. */
  readonly connectMs: number
  /** Until the whole answer is there, from the start. */
  readonly answerMs: number
  /** Of the body of a 200; more is no answer of an engine. */
  readonly maxBytes: number
  /** Takes the body of a 200. Without it, the answer is the status alone. */
  readonly onBody?: ((bytes: Buffer) => void) | undefined
}

export interface EngineAnswer {
  readonly status: number
  /** The engine's clock when it answered, ms, to the second; undefined where it does not say. */
  readonly engineNowMs: number | undefined
}

/**
 * Why there is no answer. `forbidden`: not sent, it is none of the requests that there may be. `unreachable`: not sent.
 * `broken`, `late`: sent, and who knows. `garbage`: what came is no answer of an engine.
 */
export type EngineProblemKind = "forbidden" | "unreachable" | "broken" | "late" | "garbage"

export class EngineProblem extends Error {
  override readonly name = "EngineProblem"
  readonly kind: EngineProblemKind

  constructor(kind: EngineProblemKind) {
    super(kind)
    this.kind = kind
  }
}

/**
 * One request over a connection of its own. It follows no redirect, has an end whatever the other side does, and keeps
 * nothing of what is over its limits. Rejects with an `EngineProblem`.
 */
export const sendEngineRequest = (
  open: OpenConnection,
  request: EngineRequest,
  signal: AbortSignal,
): Promise<EngineAnswer> =>
  new Promise((resolve, reject) => {
    if (!isPermitted(request.method, request.target)) return reject(new EngineProblem("forbidden"))
    if (signal.aborted) return reject(new EngineProblem("unreachable"))
    let connected = false
    let answered = false
    let bodyBytes = 0
    const connection = open(() => {
      connected = true
      clearTimeout(connecting)
    })
    const outgoing = httpRequest({
      createConnection: () => connection,
      method: request.method,
      path: request.target,
      headers: { host: "docker", connection: "close" },
    })
    const end = (): void => {
      clearTimeout(connecting)
      clearTimeout(answering)
      signal.removeEventListener("abort", abort)
      outgoing.destroy()
      connection.destroy()
    }
    const fail = (kind: EngineProblemKind): void => {
      end()
      reject(new EngineProblem(connected ? kind : "unreachable"))
    }
    const succeed = (answer: EngineAnswer): void => {
      end()
      resolve(answer)
    }
    const abort = (): void => fail("broken")
    const connecting = setTimeout(() => fail("unreachable"), request.connectMs)
    const answering = setTimeout(() => fail("late"), request.answerMs)
    signal.addEventListener("abort", abort)

    const take = (answer: EngineAnswer, incoming: IncomingMessage): void => {
      const { onBody } = request
      if (answer.status !== 200 || onBody === undefined) {
        succeed(answer)
        return
      }
      incoming.on("data", (bytes: Buffer) => {
        bodyBytes += bytes.length
        if (bodyBytes > request.maxBytes) return fail("garbage")
        onBody(bytes)
      })
      incoming.on("end", () => (incoming.complete ? succeed(answer) : fail("garbage")))
      incoming.on("error", () => fail("garbage"))
      incoming.on("close", () => fail("garbage"))
    }
    outgoing.on("response", (incoming) => {
      answered = true
      const dateMs = Date.parse(incoming.headers.date ?? "")
      take(
        { status: incoming.statusCode ?? 0, engineNowMs: Number.isNaN(dateMs) ? undefined : dateMs },
        incoming,
      )
    })
    const breakOff = (error?: Error): void => fail(answered || isParseError(error) ? "garbage" : "broken")
    // These stay for good: what a connection still says after its end must find somebody.
    outgoing.on("error", breakOff)
    outgoing.on("close", () => breakOff())
    connection.on("error", breakOff)
    outgoing.end()
  })

const isParseError = (error: Error | undefined): boolean =>
  error !== undefined && "code" in error && typeof error.code === "string" && error.code.startsWith("HPE_")

/**
 * The last look at what leaves, after whatever put the path together: seven requests, a plain name in the middle, and a
 * query of plain words.
 */
const isPermitted = (method: string, target: string): boolean => {
  if (target === "/version") return method === "GET"
  const parts =
    /^\/v\d\.\d\d\/containers\/([^/?]+)\/([a-z]+)(?:\?[a-z]+=[a-z0-9]+(?:&[a-z]+=[a-z0-9]+)*)?$/.exec(target)
  const [, name = "", verb = ""] = parts ?? []
  if (parts === null || containerNameProblem(name) !== undefined) return false
  return PERMITTED.includes(`${method} ${verb}`)
}

const PERMITTED = ["GET json", "GET logs", "GET stats", "POST start", "POST stop", "POST restart"]
