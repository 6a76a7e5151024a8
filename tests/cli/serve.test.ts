import { existsSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test, vi } from "vitest"
import { run as serve } from "../../src/cli/serve.ts"
import type { OpenAssistantOptions } from "../../src/ports/assistant.ts"
import { type ControlClient, connectControl } from "../../src/service/control-client.ts"
import { lockHolder } from "../../src/service/instance-lock.ts"
import { environmentIn, temporaryDirectory, testContext } from "../support/cli.ts"
import { FakeAssistant } from "../support/fake-assistant.ts"

function start(extraEnv: Readonly<Record<string, string>> = {}) {
  const home = temporaryDirectory()
  const stopping = new AbortController()
  const env = { ...environmentIn(home), ...extraEnv }
  const { context, written } = testContext("serve", { env, signal: stopping.signal })
  const assistant = new FakeAssistant()
  const opened: OpenAssistantOptions[] = []
  const exit = serve(context, async (_config, options) => {
    opened.push(options)
    return assistant
  })
  const folder = join(home, "jett")
  const connected = () =>
    vi.waitFor(async (): Promise<ControlClient> => {
      const client = await connectControl(join(folder, "control.sock"))
      if (client === undefined) throw new Error("not there yet")
      return client
    })
  return {
    context,
    written,
    assistant,
    opened,
    exit,
    stop: () => stopping.abort("SIGTERM"),
    folder,
    connected,
  }
}

test("it serves hands-free until it is stopped, then gives everything back", async () => {
  const { written, assistant, opened, exit, stop, folder, connected } = start()
  const client = await connected()
  expect((await client.request("status")).ok).toBe(true)
  expect(lockHolder(folder)?.verb).toBe("serve")
  stop()
  expect(await exit).toBe(0)
  expect(opened).toMatchObject([{ input: "microphone", output: "speaker" }])
  expect(assistant.shutdowns).toBe(1)
  expect(lockHolder(folder)).toBeUndefined()
  expect(existsSync(join(folder, "control.sock"))).toBe(false)
  expect(written.out).toBe("")
  expect(written.err).toContain("ready: listening; language model: none, fixed phrases only")
})

test("states are told on stderr, and what was said is not, for it may be a journal", async () => {
  const { written, assistant, exit, stop, connected } = start()
  await connected()
  assistant.emit({ type: "state", value: "thinking", atMs: 1 })
  assistant.emit({ type: "notice", level: "warn", message: "I am deaf" })
  assistant.emit({
    type: "turn",
    turnId: "t",
    revision: 1,
    route: "phrase",
    interrupted: true,
    totalMs: 321.4,
    transcript: "secret words",
    reply: "secret reply",
  })
  stop()
  await exit
  expect(written.err).toMatch(/\d\d:\d\d:\d\d thinking\n/)
  expect(written.err).toContain("! I am deaf")
  expect(written.err).toContain("turn ended: phrase, interrupted, 321 ms to the first sound")
  expect(written.err).not.toContain("secret")
})

test("jett stop ends it with 0, a root that gave up with 70", async () => {
  const first = start()
  await (await first.connected()).request("shutdown")
  expect(await first.exit).toBe(0)

  const second = start()
  await second.connected()
  second.assistant.emit({ type: "fatal", message: "restarted too often" })
  expect(await second.exit).toBe(70)
  expect(second.written.err).toContain("gave up: restarted too often")
})

test("a second one is refused and disturbs nothing", async () => {
  const { context, exit, stop, connected } = start()
  await connected()
  await expect(serve(context, async () => new FakeAssistant())).rejects.toThrow(/already running/)
  expect((await (await connected()).request("status")).ok).toBe(true)
  stop()
  await exit
})

test("a stop while it opens ends it, and the assistant is shut down", async () => {
  const home = temporaryDirectory()
  const stopping = new AbortController()
  const { context } = testContext("serve", { env: environmentIn(home), signal: stopping.signal })
  const assistant = new FakeAssistant()
  const exit = serve(context, async () => {
    stopping.abort("SIGINT")
    return assistant
  })
  expect(await exit).toBe(0)
  expect(assistant.shutdowns).toBe(1)
})

test("systemd is told when it is ready and when it stops", async () => {
  const bin = temporaryDirectory()
  const log = join(bin, "log")
  writeFileSync(join(bin, "systemd-notify"), `#!/bin/sh\necho "$1" >> ${log}\n`, { mode: 0o755 })
  const { readFileSync } = await import("node:fs")
  const { exit, stop, connected } = start({
    NOTIFY_SOCKET: "/run/notify",
    WATCHDOG_USEC: "40000",
    PATH: `${bin}:${process.env["PATH"]}`,
  })
  await connected()
  await vi.waitFor(() => expect(readFileSync(log, "utf8")).toMatch(/^READY=1\n(WATCHDOG=1\n)+/), {
    timeout: 5_000,
  })
  stop()
  await exit
  expect(readFileSync(log, "utf8")).toContain("STOPPING=1\n")
})

test("without systemd-notify that is said once, and it serves all the same", async () => {
  const { exit, stop, connected, written } = start({ NOTIFY_SOCKET: "/run/notify", PATH: "/nonexistent" })
  await connected()
  await vi.waitFor(() => expect(written.err).toContain("systemd-notify is not installed"))
  stop()
  expect(await exit).toBe(0)
  expect(written.err.split("systemd-notify is not installed")).toHaveLength(2)
})
