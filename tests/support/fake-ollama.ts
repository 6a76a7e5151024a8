import { createServer, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { onTestFinished } from "vitest"

export interface FakeModel {
  readonly name: string
  readonly size?: number
  readonly capabilities?: readonly string[]
  readonly remote_host?: string
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
}

export type Answer = (response: ServerResponse, body: string) => void

/** Lines of a streamed answer. */
export const part = (content: string, more: Readonly<Record<string, unknown>> = {}): string =>
  `${JSON.stringify({ model: "m", message: { role: "assistant", content, ...more }, done: false })}\n`

export const lastPart = (reason = "stop"): string =>
  `${JSON.stringify({ model: "m", message: { role: "assistant", content: "" }, done: true, done_reason: reason })}\n`

/** A server that speaks Ollama's protocol as badly as `chat` says; on a free loopback port, gone when the test is. */
export const fakeOllama = async (
  models: readonly FakeModel[] = [{ name: "m:latest", capabilities: ["completion", "tools", "thinking"] }],
  chat: Answer = (response, body) =>
    response.end(body.includes('"stream":false') ? lastPart("load") : part("Hello.") + lastPart()),
): Promise<FakeOllama> => {
  let dropped = false
  const fake = { requests: [] as string[], chats: [] as string[], loaded: true, dropped: () => dropped }
  const server = createServer(async (request, response) => {
    fake.requests.push(`${request.method} ${request.url}`)
    let body = ""
    for await (const piece of request) body += String(piece)
    const json = (value: unknown, status = 200) =>
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value))
    switch (request.url) {
      case "/api/tags":
        return json({ models: models.map(({ name, size = 1_000 }) => ({ name, size })) })
      case "/api/ps":
        return json({
          models: fake.loaded ? models.map(({ name }) => ({ name, size: 10, size_vram: 10 })) : [],
        })
      case "/api/show": {
        const { model, name = model } = JSON.parse(body)
        const found = models.find((each) => each.name === name || each.name === `${name}:latest`)
        return found === undefined
          ? json({ error: `model '${name}' not found` }, 404)
          : json({ capabilities: found.capabilities ?? ["completion"], remote_host: found.remote_host ?? "" })
      }
      case "/api/chat":
        fake.chats.push(body)
        response.on("close", () => {
          dropped ||= !response.writableFinished
        })
        return chat(response, body)
      default:
        return json({ error: "no such path" }, 404)
    }
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return Object.assign(fake, { url: new URL(`http://127.0.0.1:${port}`) })
}
