import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { expect, test, vi } from "vitest"
import { actionDoor } from "../../../src/actors/actions/action-door.ts"
import type { ConsentAnswer } from "../../../src/ports/consent.ts"
import type { ToolEvent } from "../../../src/ports/tools.ts"
import { noPins } from "../../support/no-guard.ts"
import { denial, question, receipt, ScriptedTools } from "../../support/scripted-tools.ts"

const open = (reply: Stream.Stream<ToolEvent>) => {
  const answers: ConsentAnswer[] = []
  const withdrawn: string[] = []
  const tools = new ScriptedTools(() => reply)
  const consent = {
    answer: (answer: ConsentAnswer) =>
      Effect.sync(() => {
        answers.push(answer)
        return "granted" as const
      }),
    withdraw: (id: string) =>
      Effect.sync(() => {
        withdrawn.push(id)
      }),
  }
  return { door: actionDoor({ tools, consent, pins: noPins }), tools, answers, withdrawn }
}

test("a call is made as the command line's, in a conversation of its own", async () => {
  const { door, tools } = open(Stream.make(receipt("It runs.")))
  expect(await door.callTool("a", { container: "n8n" }, () => {})).toMatchObject({ speech: "It runs." })
  await door.callTool("a", {}, () => {})
  expect(tools.calls[0]).toMatchObject({
    call: { name: "a", arguments: { container: "n8n" } },
    context: { origin: "command-line", confident: true },
  })
  const ids = tools.calls.map(({ context }) => context.conversationId)
  expect(new Set(ids).size).toBe(2)
  expect(new Set(tools.calls.map(({ call }) => call.callId)).size).toBe(2)
})

test("a question is told, and its answer handed over as typed", async () => {
  const { door, answers } = open(Stream.make(question("k"), denial("refused-by-user", "Okay, I won't.")))
  const asked: unknown[] = []
  const result = await door.callTool("a", {}, (one) => asked.push(one))
  await door.answerQuestion("k", "tango")
  expect(asked).toEqual([{ consentId: "k", question: "Restart n eight n? Say tango.", expiresInMs: 20_000 }])
  expect(answers).toEqual([{ type: "typed", consentId: "k", text: "tango" }])
  expect(result).toMatchObject({ type: "denied", code: "refused-by-user" })
})

test.each([
  ["nobody had to be asked", Stream.never],
  ["somebody agreed", Stream.concat(Stream.make(question("k")), Stream.never)],
])("giving up what may have begun, since %s, is not told as if nothing was done", async (_, events) => {
  const { door } = open(events)
  const leaving = new AbortController()
  const answer = async (): Promise<void> => {
    await door.answerQuestion("k", "tango")
    leaving.abort()
  }
  const result = door.callTool("a", {}, () => void answer(), leaving.signal)
  if (events === Stream.never) leaving.abort()
  expect(await result).toMatchObject({ code: "cancelled", speech: expect.stringContaining("it goes on") })
})

test("giving up withdraws the question and says so", async () => {
  const { door, tools, withdrawn } = open(Stream.concat(Stream.make(question("k")), Stream.never))
  const leaving = new AbortController()
  const result = door.callTool("a", {}, () => leaving.abort(), leaving.signal)
  expect(await result).toMatchObject({ type: "denied", code: "cancelled", speech: "That was given up." })
  await vi.waitFor(() => expect(withdrawn).toEqual(["k"]))
  expect(tools.running).toBe(0)
  expect(await door.callTool("a", {}, () => {}, leaving.signal)).toMatchObject({ code: "cancelled" })
  expect(tools.calls).toHaveLength(1)
})

test("a guard that breaks, or says nothing, is never taken for done", async () => {
  for (const reply of [Stream.empty, Stream.die(new Error("a bug"))]) {
    const { door } = open(reply)
    expect(await door.callTool("a", {}, () => {})).toMatchObject({ type: "denied", code: "internal" })
  }
})
