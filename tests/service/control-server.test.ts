import { existsSync, statSync, writeFileSync } from "node:fs"
import { connect, createServer, type Socket } from "node:net"
import { join } from "node:path"
import fc from "fast-check"
import { expect, onTestFinished, test, vi } from "vitest"
import { isRecord } from "../../src/platform/is-record.ts"
import { LineSplitter } from "../../src/platform/line-splitter.ts"
import { MAX_LINE_BYTES, parseJson } from "../../src/service/control-protocol.ts"
import { type ControlServerOptions, startControlServer } from "../../src/service/control-server.ts"
import { temporaryDirectory } from "../support/cli.ts"
import { FakeAssistant, fakeStatus } from "../support/fake-assistant.ts"

async function startServer(options: Partial<ControlServerOptions> = {}) {
  const assistant = new FakeAssistant()
  const { socketPath = join(temporaryDirectory(), "control.sock") } = options
  const onShutdown = vi.fn()
  const server = await startControlServer({ ...options, socketPath, assistant, version: "1.2.3", onShutdown })
  onTestFinished(() => server.close())
  return { assistant, socketPath, onShutdown, server }
}

/** A raw client: sends bytes, collects the messages that come back. */
class RawClient {
  readonly socket: Socket
  readonly messages: unknown[] = []
  readonly closed: Promise<void>

  constructor(path: string) {
    this.socket = connect(path)
    const lines = new LineSplitter(10 * MAX_LINE_BYTES)
    this.socket.on("error", () => {})
    this.socket.on("data", (chunk) => {
      for (const line of lines.push(chunk)) this.messages.push(parseJson(line))
    })
    this.closed = new Promise((resolve) => this.socket.on("close", () => resolve()))
    onTestFinished(() => {
      this.socket.destroy()
    })
  }

  send(...requests: readonly unknown[]): void {
    for (const request of requests) this.socket.write(`${JSON.stringify(request)}\n`)
  }

  /** The first message that `matches`, waited for. */
  async message(matches: (message: Readonly<Record<string, unknown>>) => boolean): Promise<unknown> {
    return vi.waitFor(
      () => {
        const found = this.messages.find((message) => isRecord(message) && matches(message))
        if (found === undefined) throw new Error(`not among ${JSON.stringify(this.messages)}`)
        return found
      },
      { timeout: 5_000, interval: 5 },
    )
  }

  answerTo(id: unknown): Promise<unknown> {
    return this.message(
      (message) => message["id"] === id && /^(result|error)$/.test(String(message["event"])),
    )
  }
}

test("the server greets, and answers each request under its id", async () => {
  const { socketPath, assistant } = await startServer()
  const client = new RawClient(socketPath)
  expect(await client.message(({ event }) => event === "hello")).toEqual({
    event: "hello",
    protocol: 1,
    version: "1.2.3",
    pid: process.pid,
  })
  client.send({ id: 1, method: "status" }, { id: "two", method: "mute" }, { id: 3, method: "ps" })
  expect(await client.answerTo(1)).toEqual({ id: 1, event: "result", value: fakeStatus })
  expect(await client.answerTo("two")).toEqual({ id: "two", event: "result", value: { ok: true } })
  expect(await client.answerTo(3)).toMatchObject({ value: { processes: [{ id: "main", restarts: 2 }] } })
  expect(assistant.calls).toEqual(["status", "mute"])
})

test("ask streams the text, then the result", async () => {
  const { socketPath } = await startServer()
  const client = new RawClient(socketPath)
  client.send({ id: 1, method: "ask", text: "the time" })
  await client.answerTo(1)
  expect(client.messages.slice(1)).toEqual([
    { id: 1, event: "text", text: "you said " },
    { id: 1, event: "text", text: "the time" },
    { id: 1, event: "result", value: { ok: true, reply: "you said the time", turnId: "turn-1" } },
  ])
})

test("say, ptt, unmute, cancel and transcribe reach the assistant", async () => {
  const { socketPath, assistant } = await startServer()
  const client = new RawClient(socketPath)
  client.send(
    { id: 1, method: "say", text: "hello" },
    { id: 2, method: "ptt" },
    { id: 3, method: "unmute" },
    { id: 4, method: "cancel" },
    { id: 5, method: "transcribe", wavPath: "/tmp/a.wav" },
  )
  for (const id of [1, 2, 3, 4, 5]) expect(await client.answerTo(id)).toMatchObject({ event: "result" })
  expect(assistant.calls).toEqual(["say hello", "ptt", "unmute", "cancel", "transcribe /tmp/a.wav"])
})

test("a refusal comes with its code and message", async () => {
  const { socketPath, assistant } = await startServer()
  assistant.acknowledgement = { ok: false, code: "unavailable", message: "no microphone" }
  const client = new RawClient(socketPath)
  client.send({ id: 1, method: "ptt" })
  expect(await client.answerTo(1)).toEqual({
    id: 1,
    event: "error",
    code: "unavailable",
    message: "no microphone",
  })
})

test("an assistant that throws is an error reply that gives nothing away", async () => {
  const { socketPath, assistant } = await startServer()
  assistant.answer = () => Promise.reject(new Error("secret words"))
  assistant.status = () => {
    throw new Error("secret words")
  }
  const client = new RawClient(socketPath)
  client.send({ id: 1, method: "ask", text: "x" }, { id: 2, method: "status" }, { id: 3, method: "ps" })
  expect(await client.answerTo(1)).toMatchObject({ code: "failed" })
  expect(await client.answerTo(2)).toMatchObject({ code: "failed" })
  expect(await client.answerTo(3)).toMatchObject({ event: "result" })
  expect(JSON.stringify(client.messages)).not.toContain("secret")
})

test("subscribers get state events, without what was said, until they leave", async () => {
  const { socketPath, assistant } = await startServer()
  const client = new RawClient(socketPath)
  client.send({ id: 9, method: "subscribe" })
  await vi.waitFor(() => expect(assistant.listeners.size).toBe(1))
  assistant.emit({ type: "state", value: "thinking", atMs: 5 })
  assistant.emit({
    type: "turn",
    turnId: "t",
    revision: 1,
    route: "llm",
    interrupted: false,
    totalMs: 400,
    transcript: "my secret",
    reply: "your secret",
  })
  expect(await client.message(({ event }) => event === "turn")).toEqual({
    id: 9,
    event: "turn",
    turnId: "t",
    revision: 1,
    route: "llm",
    interrupted: false,
    totalMs: 400,
  })
  expect(client.messages).toContainEqual({ id: 9, event: "state", value: "thinking", atMs: 5 })
  expect(JSON.stringify(client.messages)).not.toContain("secret")
  client.socket.destroy()
  await vi.waitFor(() => expect(assistant.listeners.size).toBe(0))
})

test("a client that goes away cancels what it asked", async () => {
  const { socketPath, assistant } = await startServer()
  let aborted = false
  assistant.answer = (_text, _onText, signal) =>
    new Promise((resolve) => {
      signal?.addEventListener("abort", () => {
        aborted = true
        resolve({ ok: false, code: "cancelled", message: "cancelled" })
      })
    })
  const client = new RawClient(socketPath)
  client.send({ id: 1, method: "ask", text: "long story" })
  await vi.waitFor(() => expect(assistant.calls).toEqual(["ask long story"]))
  client.socket.destroy()
  await vi.waitFor(() => expect(aborted).toBe(true))
})

test.each([
  ["not json", null],
  ["[]", null],
  ["null", null],
  ['"text"', null],
  ["{}", null],
  ['{"id":{},"method":"status"}', null],
  ['{"id":1}', 1],
  ['{"id":1,"method":"constructor"}', 1],
  ['{"id":1,"method":"say"}', 1],
  ['{"id":1,"method":"ask","text":"  "}', 1],
  ['{"id":1,"method":"transcribe","wavPath":"relative.wav"}', 1],
  ['{"id":1,"method":"transcribe","wavPath":"/a\\u0000b"}', 1],
])("a bad request gets an error and the connection goes on: %s", async (line, id) => {
  const { socketPath } = await startServer()
  const client = new RawClient(socketPath)
  client.socket.write(`${line}\n`)
  expect(await client.message(({ event }) => event === "error")).toMatchObject({ id, code: "bad-request" })
  client.send({ id: 7, method: "status" })
  expect(await client.answerTo(7)).toMatchObject({ event: "result" })
})

test("a text of more than 4,000 characters is refused", async () => {
  const { socketPath } = await startServer()
  const client = new RawClient(socketPath)
  client.send(
    { id: 1, method: "ask", text: "x".repeat(4_000) },
    { id: 2, method: "ask", text: "x".repeat(4_001) },
  )
  expect(await client.answerTo(1)).toMatchObject({ event: "result" })
  expect(await client.answerTo(2)).toMatchObject({ code: "bad-request" })
})

test("a line that never ends is refused, the connection closed, and the daemon goes on", async () => {
  const { socketPath } = await startServer()
  const client = new RawClient(socketPath)
  client.socket.write("x".repeat(MAX_LINE_BYTES + 2))
  expect(await client.message(({ event }) => event === "error")).toMatchObject({ code: "line-too-long" })
  await client.closed
  const next = new RawClient(socketPath)
  next.send({ id: 1, method: "status" })
  expect(await next.answerTo(1)).toMatchObject({ event: "result" })
})

test("whatever bytes arrive in whatever pieces, a good request afterwards is answered", async () => {
  const { socketPath } = await startServer()
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 8 }), async (pieces) => {
      const client = new RawClient(socketPath)
      for (const piece of pieces) client.socket.write(piece)
      client.socket.write("\n")
      client.send({ id: "good", method: "status" })
      expect(await client.answerTo("good")).toMatchObject({ event: "result" })
      client.socket.destroy()
    }),
    { numRuns: 50 },
  )
})

test("an id in use, and more than eight requests at once, are refused", async () => {
  const { socketPath, assistant } = await startServer()
  assistant.answer = () => new Promise(() => {})
  const client = new RawClient(socketPath)
  for (let id = 1; id <= 8; id++) client.send({ id, method: "ask", text: "x" })
  client.send({ id: 9, method: "status" }, { id: 3, method: "status" })
  expect(await client.answerTo(9)).toMatchObject({ code: "too-many" })
  expect(await client.answerTo(3)).toMatchObject({ code: "bad-request" })
})

test("more connections than allowed are turned away, and there is room again when one leaves", async () => {
  const { socketPath } = await startServer({ maxConnections: 1 })
  const first = new RawClient(socketPath)
  await first.message(({ event }) => event === "hello")
  const second = new RawClient(socketPath)
  expect(await second.message(({ event }) => event === "error")).toMatchObject({ code: "too-many" })
  await second.closed
  first.socket.destroy()
  await vi.waitFor(async () => {
    const third = new RawClient(socketPath)
    await Promise.race([third.closed, third.message(({ event }) => event === "hello")])
    expect(third.messages).toMatchObject([{ event: "hello" }])
  })
})

test("an idle connection is closed, a subscriber is not", async () => {
  const { socketPath, assistant } = await startServer({ idleMs: 50 })
  const subscriber = new RawClient(socketPath)
  subscriber.send({ id: 1, method: "subscribe" })
  await new RawClient(socketPath).closed
  await vi.waitFor(() => expect(assistant.listeners.size).toBe(1))
  expect(subscriber.socket.destroyed).toBe(false)
})

test("shutdown is answered before it happens", async () => {
  const { socketPath, onShutdown } = await startServer()
  const client = new RawClient(socketPath)
  client.send({ id: 1, method: "shutdown" })
  expect(await client.answerTo(1)).toEqual({ id: 1, event: "result", value: { ok: true } })
  expect(onShutdown).toHaveBeenCalledOnce()
})

test("the socket is closed to others, replaces a dead one, and is gone after the end", async () => {
  const socketPath = join(temporaryDirectory(), "control.sock")
  const { server } = await startServer({ socketPath })
  expect(statSync(socketPath).mode & 0o777).toBe(0o600)
  await server.close()
  expect(existsSync(socketPath)).toBe(false)

  writeFileSync(socketPath, "not a socket")
  await expect(startServer({ socketPath })).rejects.toThrow(/is not a socket; remove it/)
})

test("the remains of a socket whose owner was killed are taken over", async () => {
  const socketPath = join(temporaryDirectory(), "control.sock")
  const dead = createServer()
  await new Promise<void>((resolve) => dead.listen(socketPath, resolve))
  // What a SIGKILL leaves: the file, and nobody behind it. `close` would remove it.
  await startServer({ socketPath })
  const client = new RawClient(socketPath)
  client.send({ id: 1, method: "status" })
  expect(await client.answerTo(1)).toMatchObject({ event: "result" })
  dead.close()
})

test("a question of the guard's is answered on the connection that it was asked on, and on no other", async () => {
  const { assistant, socketPath } = await startServer()
  assistant.tool = (_name, _args, onQuestion) =>
    new Promise((resolve) => {
      onQuestion({ consentId: "k", question: "Say tango.", expiresInMs: 20_000 })
      assistant.onAnswer = () => resolve({ type: "denied", code: "refused-by-user", speech: "Okay." })
    })
  const [asker, other] = [new RawClient(socketPath), new RawClient(socketPath)]
  asker.send({ id: 1, method: "tool.call", name: "restart_container", arguments: { container: "n8n" } })
  await asker.message(({ event }) => event === "question")
  other.send({ id: 1, method: "tool.answer", consentId: "k", text: "tango" })
  expect(await other.answerTo(1)).toMatchObject({ event: "error", code: "refused" })
  expect(assistant.answers).toEqual([])
  asker.send({ id: 2, method: "tool.answer", consentId: "k", text: "tango" })
  expect(await asker.answerTo(1)).toMatchObject({ event: "result", value: { code: "refused-by-user" } })
  asker.send({ id: 3, method: "tool.answer", consentId: "k", text: "tango" })
  expect(await asker.answerTo(3)).toMatchObject({ event: "error", code: "refused" })
})

test("a client that goes away takes its call with it", async () => {
  const { assistant, socketPath } = await startServer()
  let gone = false
  assistant.tool = (_name, _args, onQuestion, signal) =>
    new Promise(() => {
      signal?.addEventListener("abort", () => {
        gone = true
      })
      onQuestion({ consentId: "k", question: "Say tango.", expiresInMs: 20_000 })
    })
  const client = new RawClient(socketPath)
  client.send({ id: 1, method: "tool.call", name: "x", arguments: {} })
  await client.message(({ event }) => event === "question")
  client.socket.destroy()
  await vi.waitFor(() => expect(gone).toBe(true))
})

test.each([
  { method: "tool.call", name: "x", arguments: [] },
  { method: "tool.call", name: 1, arguments: {} },
  { method: "tool.answer", consentId: "k", text: "x".repeat(257) },
  { method: "pin.confirm", consentId: "k", pin: 4831 },
  { method: "pin.deny" },
])("what is not the guard's language is refused, and no word of it is repeated: $method", async (request) => {
  const { assistant, socketPath } = await startServer()
  const client = new RawClient(socketPath)
  client.send({ id: 1, ...request })
  const answer = JSON.stringify(await client.answerTo(1))
  expect(answer).toMatch(/bad-request/)
  expect(answer).not.toMatch(/4831|xxx/)
  expect(assistant.calls).toEqual([])
})
