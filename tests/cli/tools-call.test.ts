import { join } from "node:path"
import { PassThrough } from "node:stream"
import { expect, onTestFinished, test } from "vitest"
import type { CommandContext } from "../../src/cli/command.ts"
import { run as confirm } from "../../src/cli/confirm.ts"
import { run } from "../../src/cli/tools-call.ts"
import type { Actions } from "../../src/ports/assistant.ts"
import type { ToolResult } from "../../src/ports/tools.ts"
import { startControlServer } from "../../src/service/control-server.ts"
import { lockHolder } from "../../src/service/instance-lock.ts"
import { controlSocketPath, runtimeFolder } from "../../src/service/runtime-folder.ts"
import { environmentIn, temporaryDirectory, testContext } from "../support/cli.ts"
import { FakeAssistant } from "../support/fake-assistant.ts"
import { denial, receipt } from "../support/scripted-tools.ts"

const restart = ["restart_container", '{"container":"n8n"}']

/** A guard that asks for a word, once more after a wrong one, and is told `tango`. */
const asksForTango = (assistant: FakeAssistant): Actions["callTool"] => {
  return (_name, _args, onQuestion, signal) =>
    new Promise<ToolResult>((resolve) => {
      let asked = 0
      const ask = (): void =>
        onQuestion({ consentId: `k${++asked}`, question: "Say tango.", expiresInMs: 20_000 })
      signal?.addEventListener("abort", () => resolve(denial("cancelled", "Given up.")), { once: true })
      assistant.onAnswer = (text) => {
        if (text === "tango") resolve(receipt("It runs again."))
        else if (asked < 2) ask()
        else resolve(denial("refused-by-user", "Okay, I won't."))
      }
      ask()
    })
}

/** The command with a daemon, or with a guard of its own. */
async function prepare(where: "daemon" | "alone", overrides: Parameters<typeof testContext>[1] = {}) {
  const env = environmentIn(temporaryDirectory())
  const assistant = new FakeAssistant()
  const { context, written } = testContext("tools call", { env, args: restart, ...overrides })
  if (where === "daemon") {
    const socketPath = controlSocketPath(runtimeFolder(env))
    const server = await startControlServer({ socketPath, assistant, version: "1", onShutdown: () => {} })
    onTestFinished(() => server.close())
  }
  let closed = 0
  const open = async () => ({
    callTool: (...call: Parameters<Actions["callTool"]>) => assistant.callTool(...call),
    answerQuestion: (id: string, text: string) => assistant.answerQuestion(id, text),
    close: async () => {
      closed++
    },
  })
  const call = (context_: CommandContext = context) => run(context_, open)
  return { assistant, context, written, call, closed: () => closed, env }
}

const places = ["daemon", "alone"] as const

test.each(places)("prints the receipt and ends with 0 (%s)", async (where) => {
  const { assistant, written, call, closed, env } = await prepare(where)
  assistant.tool = async () => receipt("N eight n runs again.")
  expect(await call()).toBe(0)
  expect(written).toEqual({ out: "N eight n runs again.\n", err: "" })
  expect(assistant.calls).toEqual(['tool restart_container {"container":"n8n"}'])
  expect(closed()).toBe(where === "alone" ? 1 : 0)
  expect(lockHolder(join(env["XDG_RUNTIME_DIR"] ?? "", "jett"))).toBeUndefined()
})

test.each([
  [receipt("Already so.", { outcome: "unchanged" }), 0],
  [receipt("It failed.", { outcome: "failed" }), 1],
  [receipt("I can't tell.", { outcome: "unknown" }), 1],
  [receipt("It is another one.", { outcome: "identity-changed" }), 1],
  [denial("not-permitted", "I may not do that."), 4],
  [denial("pin-needed", "Run jett confirm."), 4],
] as const)("ends with what became of it: %o", async (result, exitCode) => {
  const { assistant, written, call } = await prepare("daemon")
  assistant.tool = async () => result
  expect(await call()).toBe(exitCode)
  expect(written.out).toBe(`${result.speech}\n`)
})

test.each(places)("prints the whole with --json, and exit code 4 stays (%s)", async (where) => {
  const { assistant, written, call } = await prepare(where, { json: true })
  const result = denial("rate-limited", "Too many operations.")
  assistant.tool = async () => result
  expect(await call()).toBe(4)
  expect(JSON.parse(written.out)).toEqual(result)
})

test("prints text of somebody else without what drives a terminal", async () => {
  const { assistant, written, call } = await prepare("daemon")
  assistant.tool = async () => receipt("The logs.", { untrusted: "a\u001B[2Jb\nc" })
  await call()
  expect(written.out).toBe("The logs.\na\uFFFD[2Jb\nc\n")
})

test.each(["[]", "1", '"n8n"', "{", "null", "true"])("takes no arguments but an object: %s", async (json) => {
  const { context, call } = await prepare("daemon")
  await expect(call({ ...context, args: ["x", json] })).rejects.toMatchObject({ exitCode: 2 })
})

test.each(places)("asks on the terminal, as often as the guard asks (%s)", async (where) => {
  const { assistant, written, call } = await prepare(where, { answers: "mango\ntango\n" })
  assistant.tool = asksForTango(assistant)
  expect(await call()).toBe(0)
  expect(assistant.answers).toEqual([
    { consentId: "k1", text: "mango" },
    { consentId: "k2", text: "tango" },
  ])
  expect(written.err.match(/Say tango\./g)).toHaveLength(2)
  expect(written.out).toBe("It runs again.\n")
})

test.each(places)("is refused where nobody can type, and the question is withdrawn (%s)", async (where) => {
  const { assistant, call } = await prepare(where)
  assistant.tool = asksForTango(assistant)
  await expect(call()).rejects.toMatchObject({ exitCode: 4, message: /typed at a terminal/ })
  expect(assistant.answers).toEqual([])
})

test.each(places)("is refused when whoever is asked leaves (%s)", async (where) => {
  const { assistant, call } = await prepare(where, { answers: "" })
  assistant.tool = asksForTango(assistant)
  await expect(call()).rejects.toMatchObject({ exitCode: 4 })
})

const pending = { consentId: "p1", spoken: "stop postgres", expiresInMs: 60_000 }

/** `jett confirm` with a script's PIN. */
async function confirming(options: CommandContext["options"], waits = true) {
  const { assistant, context, written } = await prepare("daemon", { options, verb: "confirm", args: [] })
  if (waits) assistant.pending = pending
  const stdin = new PassThrough()
  stdin.end("4831\n")
  return { assistant, written, confirm: () => confirm({ ...context, io: { ...context.io, stdin } }) }
}

test("confirm shows what waits, takes the PIN and prints the receipt; the PIN is nowhere", async () => {
  const { assistant, written, confirm } = await confirming({ stdin: true })
  assistant.pinOutcome = receipt("Postgres is stopped.")
  expect(await confirm()).toBe(0)
  expect(written.err).toContain("stop postgres")
  expect(written.out).toBe("Postgres is stopped.\n")
  expect(assistant.calls).toEqual(["pin p1 4"])
  expect(JSON.stringify(written)).not.toContain("4831")
})

test.each(["wrong", "locked", "not-set", "not-pending"] as const)(
  "confirm: a PIN that is %s ends with 4",
  async (why) => {
    const { assistant, confirm } = await confirming({ stdin: true })
    assistant.pinOutcome = { type: "pin-refused", why }
    await expect(confirm()).rejects.toMatchObject({ exitCode: 4, code: `pin-${why}` })
  },
)

test("confirm --deny refuses the operation without a PIN", async () => {
  const { assistant, confirm } = await confirming({ deny: true })
  expect(await confirm()).toBe(0)
  expect(assistant.calls).toEqual(["deny p1"])
})

test("confirm with nothing to confirm says so, and without a terminal asks nothing", async () => {
  const none = await confirming({ stdin: true }, false)
  await expect(none.confirm()).rejects.toMatchObject({ exitCode: 1, code: "nothing-pending" })
  const blind = await confirming({})
  await expect(blind.confirm()).rejects.toMatchObject({ exitCode: 2 })
  expect(blind.assistant.calls).toEqual([])
})

test("confirm ends with 3 where no daemon runs", async () => {
  const { context } = await prepare("alone", { verb: "confirm" })
  await expect(confirm(context)).rejects.toMatchObject({ exitCode: 3 })
})
