import { createServer, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { onTestFinished } from "vitest"

export interface FakeModel {
  readonly name: string
  readonly size?: number
  readonly capabilities?: readonly string[]
  readonly remote_host?: string
}

/** What `/api/ps` says of a model, in bytes. */
export interface FakeResident {
  readonly size: number
  readonly size_vram: number
  readonly context_length?: number
}

export interface FakeOllama {
  readonly url: URL
  /** "METHOD path", in the order they came. */
  readonly requests: string[]
  /** Bodies of `/api/chat`, as they came. */
  readonly chats: string[]
  /** Whether a client let go of a `/api/chat` before it was answered. */
  dropped(): boolean
  loaded: boolean
  /** How it lists its models while they are loaded. */
  resident: FakeResident
  /** Whether `/api/ps` answers at all. */
  silent: boolean
  answer: Answer
  /** Breaks every connection and takes no more, as if killed; what was loaded is gone. */
  crash(): Promise<void>
  /** Listens again where it did before. */
  restart(): Promise<void>
}

export type Answer = (response: ServerResponse, body: string) => void

/** Lines of a streamed answer. */
export const part = (content: string, more: Readonly<Record<string, unknown>> = {}): string =>
  `${JSON.stringify({ model: "m", message: { role: "assistant", content, ...more }, done: false })}\n`

export const lastPart = (reason = "stop"): string =>
  `${JSON.stringify({ model: "m", message: { role: "assistant", content: "" }, done: true, done_reason: reason })}\n`

/** What a request to `/api/chat` is for. */
export const purposeOf = (body: string): "load" | "unload" | "chat" => {
  const { messages, keep_alive } = JSON.parse(body)
  if (messages.length > 0) return "chat"
  return keep_alive === 0 ? "unload" : "load"
}

/** A server that speaks Ollama's protocol as badly as `answer` says; on a free loopback port, gone when the test is. */
export const fakeOllama = async (
  models: readonly FakeModel[] = [{ name: "m:latest", capabilities: ["completion", "tools", "thinking"] }],
  answer: Answer = (response, body) =>
    response.end(body.includes('"stream":false') ? lastPart("load") : part("Hello.") + lastPart()),
): Promise<FakeOllama> => {
  let dropped = false
  const state = {
    requests: [] as string[],
    chats: [] as string[],
    loaded: true,
    resident: { size: 10, size_vram: 10 } as FakeResident,
    silent: false,
    answer,
  }
  const serve = (): Server =>
    createServer(async (request, response) => {
      state.requests.push(`${request.method} ${request.url}`)
      let body = ""
      for await (const piece of request) body += String(piece)
      const json = (value: unknown, status = 200) =>
        response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value))
      switch (request.url) {
        case "/api/tags":
          return json({ models: models.map(({ name, size = 1_000 }) => ({ name, size })) })
        case "/api/ps":
          if (state.silent) return
          return json({
            models: state.loaded ? models.map(({ name }) => ({ name, ...state.resident })) : [],
          })
        case "/api/show": {
          const { model, name = model } = JSON.parse(body)
          const found = models.find((each) => each.name === name || each.name === `${name}:latest`)
          return found === undefined
            ? json({ error: `model '${name}' not found` }, 404)
            : json({
                capabilities: found.capabilities ?? ["completion"],
                remote_host: found.remote_host ?? "",
              })
        }
        case "/api/chat":
          state.chats.push(body)
          response.on("close", () => {
            dropped ||= !response.writableFinished
          })
          return state.answer(response, body)
        default:
          return json({ error: "no such path" }, 404)
      }
    })
  const listen = async (at: number): Promise<Server> => {
    const listening = serve()
    await new Promise<void>((resolve) => listening.listen(at, "127.0.0.1", resolve))
    return listening
  }
  let server = await listen(0)
  const { port } = server.address() as AddressInfo
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  onTestFinished(close)
  return Object.assign(state, {
    url: new URL(`http://127.0.0.1:${port}`),
    dropped: () => dropped,
    crash: () => {
      state.loaded = false
      return close()
    },
    restart: async () => {
      server = await listen(port)
    },
  })
}

/** An `answer` that loads and unloads as asked, and says hello; `script` says what it does otherwise. */
export const livelyAnswer =
  (fake: () => FakeOllama, script: Partial<Record<"load" | "unload" | "chat", Answer>> = {}): Answer =>
  (response, body) => {
    const purpose = purposeOf(body)
    const scripted = script[purpose]
    if (scripted !== undefined) return scripted(response, body)
    fake().loaded = purpose !== "unload"
    response.end(purpose === "chat" ? part("Hello.") + lastPart() : lastPart(purpose))
  }
