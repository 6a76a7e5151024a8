import { describe, expect, it } from "vitest"
import type { TypedTurn } from "../../src/actors/answer-services.ts"
import type { AssistantSystem } from "../../src/actors/assistant-system.ts"
import { RunningAssistant } from "../../src/actors/running-assistant.ts"
import type { TurnRecord } from "../../src/ports/turn.ts"

const never = (): never => {
  throw new Error("not part of this test")
}

const record = (id: string, outcome: TurnRecord["outcome"]): TurnRecord => ({
  id,
  revision: 0,
  source: "text",
  outcome,
  wake: undefined,
  speech: undefined,
  transcript: "",
  confidence: undefined,
  route: "none",
  reply: "It is noon.",
  heard: "It is noon.",
  replyAudioMs: 900,
  latency: {},
  interrupted: false,
})

/** A running assistant over a conversation that the test plays: busy or not, with what was sent to it. */
const rig = () => {
  const sent: string[] = []
  const typed: { readonly turnId: string; readonly turn: TypedTurn }[] = []
  let isBusy = false
  const system: AssistantSystem = {
    get models() {
      return never()
    },
    get languageModel() {
      return never()
    },
    get warm() {
      return never()
    },
    get run() {
      return never()
    },
    missing: [],
    residency: () => undefined,
    conversation: {
      state: () => ({ value: "listening", detail: "", atMs: 0 }),
      degraded: () => [],
      muted: false,
      send: ({ type }) => {
        sent.push(type)
        for (const { turnId } of typed.splice(0)) assistant.ended(record(turnId, "cancelled"))
      },
      pushToTalk: never,
      type: (turnId, turn) => {
        if (isBusy) return false
        typed.push({ turnId, turn })
        return true
      },
      get hearing() {
        return never()
      },
      get run() {
        return never()
      },
      get crashed() {
        return never()
      },
    },
  }
  const assistant: RunningAssistant = new RunningAssistant(system, () => Promise.resolve())
  return {
    assistant,
    sent,
    typed,
    busy: () => {
      isBusy = true
    },
    answer: () => {
      for (const { turnId } of typed.splice(0)) assistant.ended(record(turnId, "answered"))
    },
  }
}

describe("a typed turn", () => {
  it("settles with the reply once it has ended", async () => {
    const { assistant, answer } = rig()
    const outcome = assistant.ask("what time is it", () => {})
    answer()
    expect(await outcome).toMatchObject({ ok: true, reply: "It is noon." })
  })

  it("is cancelled when whoever asked goes away", async () => {
    const { assistant, sent } = rig()
    const client = new AbortController()
    const outcome = assistant.ask("what time is it", () => {}, client.signal)
    client.abort()
    expect(sent).toEqual(["user.cancel"])
    expect(await outcome).toMatchObject({ ok: false, code: "cancelled" })
  })

  it("that was refused as busy cancels nobody else's turn when its client hangs up", async () => {
    const { assistant, sent, busy } = rig()
    busy()
    const client = new AbortController()
    expect(await assistant.say("hello", client.signal)).toMatchObject({ ok: false, code: "busy" })
    client.abort()
    expect(sent).toEqual([])
  })

  it("that has ended cancels nobody else's turn when its client hangs up", async () => {
    const { assistant, sent, answer } = rig()
    const client = new AbortController()
    const outcome = assistant.say("hello", client.signal)
    answer()
    await outcome
    client.abort()
    expect(sent).toEqual([])
  })

  it("of a client that has gone already is not begun", async () => {
    const { assistant, typed } = rig()
    const client = new AbortController()
    client.abort()
    expect(await assistant.say("hello", client.signal)).toMatchObject({ ok: false, code: "cancelled" })
    expect(typed).toEqual([])
  })

  it("is settled by the shutdown", async () => {
    const { assistant } = rig()
    const outcome = assistant.ask("what time is it", () => {})
    await assistant.shutdown()
    expect(await outcome).toMatchObject({ ok: false, code: "cancelled" })
  })
})
