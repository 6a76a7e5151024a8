import * as Effect from "effect/Effect"
import { describe, expect, it } from "vitest"
import type { AssistantSystem } from "../../src/actors/assistant-system.ts"
import type { ModelSystem } from "../../src/actors/models/model-system.ts"
import { RunningAssistant } from "../../src/actors/running-assistant.ts"
import type { TypedTurn } from "../../src/actors/turn/answer-services.ts"
import type { LanguageModel } from "../../src/ports/language-model.ts"
import type { ModelState } from "../../src/ports/models.ts"
import type { ResidencyRow } from "../../src/ports/residency.ts"
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
const rig = (
  parts: Partial<
    Pick<AssistantSystem, "models" | "residency" | "actions" | "modelsStatus" | "auditFailure">
  > = {},
) => {
  const sent: string[] = []
  const typed: { readonly turnId: string; readonly turn: TypedTurn }[] = []
  let isBusy = false
  const system: AssistantSystem = {
    get models() {
      return parts.models ?? never()
    },
    get actions() {
      return parts.actions ?? never()
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
    auditFailure: parts.auditFailure ?? (() => undefined),
    residency: parts.residency ?? (() => undefined),
    modelsStatus: parts.modelsStatus ?? (() => ({ models: [], pools: null })),
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

/** Models of which only these are asked for. */
const modelSystem = (
  given: Pick<ModelSystem, "states" | "hosts" | "modelsOf"> & Partial<Pick<ModelSystem, "spare">>,
): ModelSystem => ({
  spare: () => undefined,
  get listener() {
    return never()
  },
  get fileListener() {
    return never()
  },
  get stt() {
    return never()
  },
  get tts() {
    return never()
  },
  get turnModels() {
    return never()
  },
  get llm() {
    return never()
  },
  get preload() {
    return never()
  },
  pid: never,
  ...given,
})

const _residencyRow = (row: Partial<ResidencyRow> & Pick<ResidencyRow, "model">): ResidencyRow => ({
  variant: `${row.model}@cpu`,
  placement: "cpu",
  state: "loaded",
  footprintMib: 100,
  declaredMib: 100,
  measuredMib: undefined,
  leases: 1,
  inUse: false,
  pinned: false,
  ...row,
})

describe("what runs", () => {
  const _pools = {
    gpu: { budgetMib: 7020, committedMib: 5280, foreignMib: 0, overcommitted: false },
    cpu: { budgetMib: 4096, committedMib: 100, foreignMib: 0, overcommitted: false },
  }
  const _answering = (state: ModelState): LanguageModel => ({
    name: "jett-qwen3",
    placement: "ollama",
    contextTokens: 2048,
    preload: Effect.void,
    chat: never,
    state: () => state,
  })

  it("has a row for each process that is there, a foreign server of ours among them", () => {
    const child = { restarts: 1, upSinceMs: performance.now() - 5000, backoffMs: 0, attempts: 0 }
    const hosts = () => [
      { ...child, id: "stt", pid: 12, phase: "running" as const },
      { ...child, id: "llm", pid: undefined, phase: "idle" as const },
      { ...child, id: "wyoming", pid: 13, phase: "running" as const },
    ]
    const modelsOf = (host: string) => (host === "stt" ? ["stt-x"] : [])
    const { assistant } = rig({
      models: modelSystem({
        states: () => [],
        hosts,
        modelsOf,
        spare: () => ({ pid: 14, state: "waiting", upSinceMs: 0 }),
      }),
    })
    expect(assistant.processes()).toMatchObject([
      { id: "stt", pid: 12, state: "running", models: ["stt-x"], restarts: 1 },
      { id: "wyoming", pid: 13, models: [] },
      { id: "spare", pid: 14, state: "waiting", models: [] },
    ])
    expect(assistant.processes()[0]?.uptimeMs).toBeGreaterThanOrEqual(5000)
  })
})

it("hands everything about tools to the guard's door", async () => {
  const pending = { consentId: "k", spoken: "stop postgres", expiresInMs: 1 }
  const seen: unknown[] = []
  const { assistant } = rig({
    actions: {
      callTool: async (name, args) => {
        seen.push([name, args])
        return { type: "denied", code: "not-permitted", speech: "I may not." }
      },
      answerQuestion: async (...answer) => void seen.push(answer),
      pendingPin: () => pending,
      confirmPin: async () => ({ type: "pin-refused", why: "wrong" }),
      denyPin: async (id) => void seen.push(id),
    },
  })
  expect(await assistant.callTool("a", { b: 1 }, never)).toMatchObject({ code: "not-permitted" })
  await assistant.answerQuestion("k", "tango")
  await assistant.denyPin("k")
  expect(assistant.pendingPin()).toBe(pending)
  expect(await assistant.confirmPin("k", "1")).toEqual({ type: "pin-refused", why: "wrong" })
  expect(seen).toEqual([["a", { b: 1 }], ["k", "tango"], "k"])
})
