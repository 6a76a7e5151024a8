import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { afterAll, beforeAll, expect, it } from "vitest"
import { chooseLanguageModel } from "../../src/models/choose-language-model.ts"
import { makeOllamaModel, type OllamaModel } from "../../src/models/ollama.ts"
import { type OllamaServer, ollamaServer } from "../../src/models/ollama-server.ts"
import type { ChatEvent, ChatRequest } from "../../src/ports/language-model.ts"
import { SYSTEM_PROMPT } from "../../src/text/prompt.ts"
import { PLAIN_TEMPLATE, type RealOllama, startOllama } from "../support/real-ollama.ts"
import { describeWith } from "../support/require-component.ts"

const MODEL = "jett-qwen3"

const ask = (text: string, tools: ChatRequest["tools"] = []): ChatRequest => ({
  messages: [
    { role: "system", content: SYSTEM_PROMPT },
    { role: "user", content: text },
  ],
  tools,
})

const settings = {
  contextTokens: 1_024,
  replyTokens: 48,
  temperature: 0,
  keepAlive: "5m",
  firstTokenMs: 20_000,
  coldLoadMs: 60_000,
} as const

describeWith(["ollama", "models"], "a real Ollama", () => {
  let ollama: RealOllama
  let server: OllamaServer
  let model: OllamaModel

  beforeAll(async () => {
    ollama = await startOllama()
    await ollama.create("able")
    await ollama.create("deaf", PLAIN_TEMPLATE)
    server = ollamaServer(ollama.url)
    model = makeOllamaModel({ ...settings, server, model: "able", capabilities: ["completion", "tools"] })
  })
  afterAll(() => ollama?.stop())

  const resident = () => Effect.runPromise(server.resident("able"))

  const chat = async (request: ChatRequest, onEvent: (event: ChatEvent) => void = () => undefined) => {
    const startedAt = performance.now()
    const events: { readonly event: ChatEvent; readonly atMs: number }[] = []
    await Effect.runPromise(
      Stream.runForEach(model.chat(request), (event) =>
        Effect.sync(() => {
          events.push({ event, atMs: performance.now() - startedAt })
          onEvent(event)
        }),
      ),
    )
    const texts = events.flatMap(({ event, atMs }) =>
      event.type === "text" ? [{ text: event.text, atMs }] : [],
    )
    return { text: texts.map(({ text }) => text).join(""), texts, last: events.at(-1)?.event }
  }

  const choose = (name: string) =>
    Effect.runPromise(
      chooseLanguageModel({
        ollama: { enabled: true, url: ollama.url.href, model: name },
        privacy: { allowRemoteLlm: false },
        settings,
        embedded: undefined,
      }),
    )

  it("tells which models can call tools", async () => {
    const capabilities = async (name: string) => (await Effect.runPromise(server.details(name))).capabilities
    expect(await capabilities("able")).toContain("tools")
    expect(await capabilities("deaf")).not.toContain("tools")
  })

  it("loads a model for an empty request, and lists it", async () => {
    expect(await resident()).toBeUndefined()
    const startedAt = performance.now()
    await Effect.runPromise(model.preload)
    console.info(`ollama: loaded in ${(performance.now() - startedAt).toFixed(0)} ms`)
    expect((await resident())?.sizeBytes).toBeGreaterThan(50_000_000)
  })

  it("streams an answer token by token from the model that preload left there", async () => {
    const { text, texts, last } = await chat(ask("What is the capital of France?"))
    expect(text).toContain("Paris")
    expect(texts.length).toBeGreaterThan(3)
    expect(last).toEqual({ type: "end", stopReason: "end" })
  })

  it("does not load again for a chat: the options are the same", async () => {
    const loadMs: number[] = []
    for (const messages of [[], [{ role: "user", content: "Hi" }]]) {
      const response = await fetch(new URL("/api/chat", ollama.url), {
        method: "POST",
        body: JSON.stringify({
          model: "able",
          messages,
          stream: false,
          keep_alive: "5m",
          options: { num_ctx: 1_024, num_predict: 48, temperature: 0 },
        }),
      })
      const { load_duration = 0 } = JSON.parse(await response.text())
      loadMs.push(load_duration / 1e6)
    }
    expect(Math.max(...loadMs)).toBeLessThan(200)
  })

  it("measures itself", async () => {
    const shown = []
    for (const question of ["Why is the sky blue?", "Who wrote Hamlet?", "What is a fox?"]) {
      const { texts } = await chat(ask(question))
      const [first, last] = [texts[0]?.atMs ?? 0, texts.at(-1)?.atMs ?? 0]
      const perSecond = (texts.length - 1) / ((last - first) / 1_000)
      shown.push(`${first.toFixed(0)} ms to the first token, ${perSecond.toFixed(0)} tokens/s`)
    }
    console.info(`ollama: ${shown.join("; ")}`)
    expect(shown).toHaveLength(3)
  })

  it("stops writing when nobody listens any more, and answers the next question at once", async () => {
    const long = makeOllamaModel({
      ...settings,
      server,
      model: "able",
      capabilities: ["completion"],
      replyTokens: 900,
      temperature: 1,
    })
    let heard = () => {}
    const first = new Promise<void>((resolve) => {
      heard = resolve
    })
    const story = ask("Write a very long story about a fox, an owl and a bear, with many chapters.")
    const fiber = Effect.runFork(Stream.runForEach(long.chat(story), () => Effect.sync(heard)))
    await first
    const startedAt = performance.now()
    await Effect.runPromise(Fiber.interrupt(fiber))
    expect(performance.now() - startedAt).toBeLessThan(1_000)
    // With one slot, a story that went on would hold this one up.
    const { text, texts } = await chat(ask("What is the capital of Japan?"))
    expect(text).toContain("Tokyo")
    console.info(`ollama: next first token ${(texts[0]?.atMs ?? 0).toFixed(0)} ms after a cancelled story`)
  })

  it("accepts tools for a model that takes them, and keeps them from one that does not", async () => {
    const tools = [
      { name: "get_time", description: "The time.", parameters: { type: "object", properties: {} } },
    ]
    expect((await chat(ask("Hello.", tools))).last?.type).toBe("end")
    const { messages } = ask("What time is it?", tools)
    const told: ChatRequest = {
      tools,
      messages: [
        ...messages,
        { role: "assistant", content: "", toolCalls: [{ name: "get_time", arguments: { zone: "UTC" } }] },
        { role: "tool", content: '{"time":"noon"}', toolName: "get_time" },
      ],
    }
    expect((await chat(told)).last?.type).toBe("end")
    const { capabilities } = await Effect.runPromise(server.details("deaf"))
    const deaf = makeOllamaModel({ ...settings, server, model: "deaf", capabilities })
    const events = await Effect.runPromise(Stream.runCollect(deaf.chat(ask("Hello.", tools))))
    expect(events.at(-1)?.type).toBe("end")
  })

  it("fails as missing, with the command, for a model that is not there", async () => {
    const missing = makeOllamaModel({ ...settings, server, model: MODEL, capabilities: [] })
    const failure = await Effect.runPromise(Effect.flip(missing.preload))
    expect(failure).toMatchObject({
      reason: "missing",
      message: expect.stringContaining("ollama create jett-qwen3 -f models/Modelfile"),
    })
  })

  it("has unloaded when the server says so, and answers again afterwards", async () => {
    await Effect.runPromise(model.preload)
    await Effect.runPromise(model.unload)
    expect(await resident()).toBeUndefined()
    expect((await chat(ask("What is the capital of France?"))).text).toContain("Paris")
  })

  it("offers an able model while the configured one is missing, and takes that once it is there", async () => {
    const before = await choose(MODEL)
    expect(before).toMatchObject({ type: "chosen", model: { name: "able:latest", placement: "ollama" } })
    expect(before.notice).toContain("ollama create jett-qwen3 -f models/Modelfile")
    await ollama.create(MODEL)
    const after = await choose(MODEL)
    expect(after).toMatchObject({ type: "chosen", model: { name: MODEL } })
    expect(after.notice).toBeUndefined()
  })

  it("is not asked to run a cloud model", async () => {
    await ollama.create("big:120b-cloud")
    const choice = await choose("big:120b-cloud")
    expect(choice.notice).toContain("runs in the cloud")
    expect(choice).not.toMatchObject({ model: { name: "big:120b-cloud" } })
    const loaded = await Effect.runPromise(server.resident("big:120b-cloud"))
    expect(loaded).toBeUndefined()
  })
})
