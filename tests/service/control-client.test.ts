import { writeFileSync } from "node:fs"
import { createServer, type Socket } from "node:net"
import { join } from "node:path"
import { expect, onTestFinished, test, vi } from "vitest"
import { ControlFailure, connectControl } from "../../src/service/control-client.ts"
import { readModels, readProcesses, readStatus } from "../../src/service/control-results.ts"
import { startControlServer } from "../../src/service/control-server.ts"
import { temporaryDirectory } from "../support/cli.ts"
import { FakeAssistant, fakeModels, fakeStatus } from "../support/fake-assistant.ts"

async function connected() {
  const assistant = new FakeAssistant()
  const socketPath = join(temporaryDirectory(), "control.sock")
  const server = await startControlServer({ socketPath, assistant, version: "1", onShutdown: () => {} })
  onTestFinished(() => server.close())
  const client = await connectControl(socketPath)
  if (client === undefined) throw new Error("expected a daemon")
  onTestFinished(() => client.close())
  return { assistant, client, server }
}

/** A server that is not ours, or not well. */
async function strangeServer(onConnection: (socket: Socket) => void): Promise<string> {
  const socketPath = join(temporaryDirectory(), "control.sock")
  const server = createServer((socket) => {
    socket.on("error", () => {})
    onTestFinished(() => {
      socket.destroy()
    })
    onConnection(socket)
  })
  await new Promise<void>((resolve) => server.listen(socketPath, resolve))
  onTestFinished(() => {
    server.close()
  })
  return socketPath
}

test("where no socket is, or none that is listened to, there is no daemon", async () => {
  const folder = temporaryDirectory()
  expect(await connectControl(join(folder, "none.sock"))).toBeUndefined()
  const file = join(folder, "file.sock")
  writeFileSync(file, "")
  expect(await connectControl(file)).toBeUndefined()
})

test("requests overlap, and each gets its own answer and events", async () => {
  const { client } = await connected()
  const pieces: unknown[] = []
  const [status, ask, ps] = await Promise.all([
    client.request("status"),
    client.request("ask", { text: "hi" }, { onEvent: ({ text }) => pieces.push(text) }),
    client.request("ps"),
  ])
  expect(status.ok && readStatus(status.value)).toEqual(fakeStatus)
  expect(ask).toEqual({ ok: true, value: { ok: true, reply: "you said hi", turnId: "turn-1" } })
  expect(pieces).toEqual(["you said ", "hi"])
  expect(ps.ok && readProcesses(ps.value)).toMatchObject([{ id: "main", uptimeMs: 61_000 }])
  expect(ps.ok && readModels(ps.value)).toEqual(fakeModels)
})

test("giving up closes the connection, which cancels the request at the daemon", async () => {
  const { client, assistant } = await connected()
  const cancelled = vi.fn()
  assistant.answer = (_text, _onText, signal) =>
    new Promise(() => {
      signal?.addEventListener("abort", cancelled)
    })
  const givingUp = new AbortController()
  const asked = client.request("ask", { text: "x" }, { signal: givingUp.signal })
  await vi.waitFor(() => expect(assistant.calls).toHaveLength(1))
  givingUp.abort()
  await expect(asked).rejects.toBeInstanceOf(ControlFailure)
  await vi.waitFor(() => expect(cancelled).toHaveBeenCalled())
})

test("a daemon that ends in the middle of a request rejects it", async () => {
  const { client, assistant, server } = await connected()
  assistant.answer = () => new Promise(() => {})
  const asked = client.request("ask", { text: "x" })
  await vi.waitFor(() => expect(assistant.calls).toHaveLength(1))
  await Promise.all([expect(asked).rejects.toThrow(/went away/), server.close()])
})

test("a daemon that does not greet is hung, and that is said", async () => {
  const socketPath = await strangeServer(() => {})
  await expect(connectControl(socketPath, { timeoutMs: 50 })).rejects.toThrow(/did not answer within 50 ms/)
})

test.each([
  ["of another protocol", '{"event":"hello","protocol":99,"version":"9","pid":1}\n', /speaks protocol 99/],
  ["that turns us away", '{"id":null,"event":"error","code":"too-many","message":"full"}\n', /refused: full/],
  ["that sends no line end", "x".repeat(5 * 1024 * 1024), /too long/],
])("a daemon %s is a failure, not a hang", async (_what, bytes, message) => {
  const socketPath = await strangeServer((socket) => socket.write(bytes))
  await expect(connectControl(socketPath)).rejects.toThrow(message)
})

test("an answer that makes no sense is not taken for a status", () => {
  for (const value of [null, 3, {}, { state: 1, muted: true }, { state: "x" }]) {
    expect(readStatus(value)).toBeUndefined()
  }
  expect(
    readStatus({ state: "x", muted: false, parts: [{ id: 1 }, { id: "a", state: "?" }] })?.parts,
  ).toEqual([])
  expect(readProcesses({ processes: [{ id: "x" }, 3] })).toEqual([])
})

test("models and memory are read as far as they make sense", () => {
  const nothing = { models: [], pools: null }
  for (const value of [null, 3, {}, { models: 3, pools: [] }, { pools: { gpu: { budgetMib: 1 } } }]) {
    expect(readModels(value)).toEqual(nothing)
  }
  const models = [{ id: "x", state: "ready", placement: "moon" }, { id: "y", state: "?" }, { state: "ready" }]
  expect(readModels({ models }).models).toEqual([
    expect.objectContaining({ id: "x", placement: null, variant: null, committedMib: 0, declaredMib: null }),
  ])
})
