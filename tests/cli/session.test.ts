import { join } from "node:path"
import { expect, onTestFinished, test } from "vitest"
import { request, type SessionRequest } from "../../src/cli/session.ts"
import type { OpenAssistantOptions } from "../../src/ports/assistant.ts"
import { startControlServer } from "../../src/service/control-server.ts"
import { acquireInstanceLock, lockHolder } from "../../src/service/instance-lock.ts"
import { environmentIn, temporaryDirectory, testContext } from "../support/cli.ts"
import { FakeAssistant } from "../support/fake-assistant.ts"

const asking = (onText: (piece: string) => void = () => {}): SessionRequest => ({
  method: "ask",
  subject: "hello",
  onText,
  devices: { input: "none", output: "none" },
})

function standalone() {
  const home = temporaryDirectory()
  const { context } = testContext("ask", { env: environmentIn(home) })
  const assistant = new FakeAssistant()
  const opened: OpenAssistantOptions[] = []
  const open = async (_config: unknown, options: OpenAssistantOptions) => {
    opened.push(options)
    return assistant
  }
  return { context, assistant, open, opened, folder: join(home, "jett") }
}

test("without a daemon the request runs alone, under the lock, and leaves nothing behind", async () => {
  const { context, assistant, open, opened, folder } = standalone()
  const pieces: string[] = []
  assistant.answer = async (text, onText) => {
    onText(text)
    expect(lockHolder(folder)).toMatchObject({ pid: process.pid, verb: "ask" })
    return { ok: true, reply: "done", turnId: "t" }
  }
  expect(
    await request(
      context,
      asking((piece) => pieces.push(piece)),
      open,
    ),
  ).toMatchObject({ reply: "done" })
  expect(pieces).toEqual(["hello"])
  expect(opened).toMatchObject([{ input: "none", output: "none" }])
  expect(assistant.shutdowns).toBe(1)
  expect(lockHolder(folder)).toBeUndefined()
})

test.each([
  ["refused", 4],
  ["model-missing", 5],
  ["busy", 1],
] as const)(
  "a refusal (%s) is exit code %i, and the assistant is shut down all the same",
  async (code, exitCode) => {
    const { context, assistant, open, folder } = standalone()
    assistant.answer = async () => ({ ok: false, code, message: "no" })
    await expect(request(context, asking(), open)).rejects.toMatchObject({ exitCode, message: "no" })
    expect(assistant.shutdowns).toBe(1)
    expect(lockHolder(folder)).toBeUndefined()
  },
)

test("an assistant that does not open gives the lock back", async () => {
  const { context, folder } = standalone()
  const open = () => Promise.reject(new Error("no models"))
  await expect(request(context, asking(), open)).rejects.toThrow("no models")
  expect(lockHolder(folder)).toBeUndefined()
})

test("while another command runs alone, a second one is told which", async () => {
  const { context, open, opened, folder } = standalone()
  await request(context, asking(), open)
  const lock = await acquireInstanceLock(folder, "say")
  await expect(request(context, asking(), open)).rejects.toThrow(
    /jett say \(process \d+\) is already running/,
  )
  lock.release()
  expect(opened).toHaveLength(1)
})

test("with a daemon the request goes through it, and nothing is opened here", async () => {
  const { context, open, opened, folder } = standalone()
  await request(context, asking(), open)
  const daemon = new FakeAssistant()
  const socketPath = join(folder, "control.sock")
  const server = await startControlServer({
    socketPath,
    assistant: daemon,
    version: "1",
    onShutdown: () => {},
  })
  onTestFinished(() => server.close())
  const pieces: string[] = []
  const reply = await request(
    context,
    asking((piece) => pieces.push(piece)),
    open,
  )
  expect(reply).toEqual({ reply: "you said hello", turnId: "turn-1" })
  expect(pieces).toEqual(["you said ", "hello"])
  expect(daemon.calls).toEqual(["ask hello"])
  expect(opened).toHaveLength(1)

  daemon.answer = async () => ({ ok: false, code: "refused", message: "not allowed" })
  await expect(request(context, asking(), open)).rejects.toMatchObject({
    exitCode: 4,
    message: "not allowed",
  })
})
