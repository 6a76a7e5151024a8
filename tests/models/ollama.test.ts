import { readFileSync } from "node:fs"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { afterEach, describe, expect, it, vi } from "vitest"
import { definition } from "../../src/config/definition.ts"
import { makeOllamaModel } from "../../src/models/ollama.ts"
import type { OllamaModelOptions } from "../../src/models/ollama-calls.ts"
import { ollamaServer } from "../../src/models/ollama-server.ts"
import type { ChatEvent, ChatRequest, LanguageModel } from "../../src/ports/language-model.ts"
import type { ModelFailure } from "../../src/ports/models.ts"
import { type Answer, type FakeOllama, fakeOllama, lastPart, part } from "../support/fake-ollama.ts"
import { eventually } from "../support/processes.ts"

const request: ChatRequest = {
  messages: [
    { role: "system", content: "Be brief." },
    { role: "user", content: "secret words" },
  ],
  tools: [{ name: "list_containers", description: "Lists.", parameters: { type: "object", properties: {} } }],
}

const modelOf = (fake: FakeOllama, more: Partial<OllamaModelOptions> = {}) =>
  makeOllamaModel({
    server: ollamaServer(fake.url, 500),
    model: "m",
    capabilities: ["completion", "tools", "thinking"],
    contextTokens: 2_048,
    replyTokens: 20,
    keepAlive: "30m",
    firstTokenMs: 150,
    coldLoadMs: 600,
    ...more,
  })

interface Outcome {
  readonly events: readonly ChatEvent[]
  readonly text: string
  readonly failure: ModelFailure | undefined
}

const chatWith = async (model: LanguageModel, asked = request): Promise<Outcome> => {
  const events: ChatEvent[] = []
  const failure = await Effect.runPromise(
    Effect.match(
      Stream.runForEach(model.chat(asked), (event) => Effect.sync(() => events.push(event))),
      { onSuccess: () => undefined, onFailure: (error) => error },
    ),
  )
  return { events, failure, text: events.map((event) => (event.type === "text" ? event.text : "")).join("") }
}

const withAnswer = async (answer: Answer, more: Partial<OllamaModelOptions> = {}) => {
  const fake = await fakeOllama(undefined, answer)
  return { fake, ...(await chatWith(modelOf(fake, more))) }
}

const toolCall = (name: unknown, given: unknown) =>
  part("", { tool_calls: [{ function: { name, arguments: given } }] })

describe("an Ollama model that answers well", () => {
  it("gives the text as it comes, then the end", async () => {
    const { events, failure } = await withAnswer((response) =>
      response.end(part("Hello") + part(" there.") + lastPart()),
    )
    expect(failure).toBeUndefined()
    expect(events).toEqual([
      { type: "text", text: "Hello" },
      { type: "text", text: " there." },
      { type: "end", stopReason: "end" },
    ])
  })

  it("gives the first words before the last are written", async () => {
    let finish = () => {}
    const fake = await fakeOllama(undefined, (response) => {
      response.write(part("Hello"))
      finish = () => response.end(lastPart())
    })
    const first = await Effect.runPromise(Stream.runHead(modelOf(fake).chat(request)))
    expect(first).toMatchObject({ _tag: "Some", value: { type: "text", text: "Hello" } })
    finish()
  })

  it("joins lines that come in pieces, and letters whose bytes do", async () => {
    const bytes = Buffer.from(part("a fox 🦊") + lastPart())
    const { text } = await withAnswer((response) => {
      const at = bytes.indexOf("🦊") + 2
      response.write(bytes.subarray(0, at))
      setTimeout(() => response.end(bytes.subarray(at)), 20)
    })
    expect(text).toBe("a fox 🦊")
  })

  it("says when the reply was cut at its limit", async () => {
    const { events } = await withAnswer((response) => response.end(part("Well") + lastPart("length")))
    expect(events.at(-1)).toEqual({ type: "end", stopReason: "length" })
  })

  it("takes out what the model thinks, in its own field or between tags", async () => {
    const { text, failure } = await withAnswer((response) =>
      response.end(part("", { thinking: "hmm" }) + part("<thi") + part("nk>no</think>\n\nYes.") + lastPart()),
    )
    expect({ text, failure }).toEqual({ text: "Yes.", failure: undefined })
  })

  it("ends without a word when all was thought", async () => {
    const { events } = await withAnswer((response) =>
      response.end(part("<think>for ever") + lastPart("length")),
    )
    expect(events).toEqual([{ type: "end", stopReason: "length" }])
  })
})

describe("the tool calls of an Ollama model", () => {
  it.each([
    ["an object", { all: true }],
    ["a string of JSON", '{"all":true}'],
  ])("are read when their arguments are %s", async (_, given) => {
    const { events } = await withAnswer((response) =>
      response.end(toolCall("list_containers", given) + lastPart()),
    )
    expect(events[0]).toMatchObject({
      type: "tool-call",
      call: { name: "list_containers", arguments: { all: true } },
    })
  })

  it("have ids that differ", async () => {
    const { events } = await withAnswer((response) =>
      response.end(toolCall("a", {}) + toolCall("a", {}) + lastPart()),
    )
    const ids = events.flatMap((event) => (event.type === "tool-call" ? [event.call.callId] : []))
    expect(new Set(ids).size).toBe(2)
  })

  it.each([
    ["arguments that are no JSON", "a", "{secret"],
    ["arguments that are a list", "a", ["secret"]],
    ["arguments that are a number", "a", 5],
    ["no name", undefined, {}],
  ])("are told apart as invalid with %s, and the reply goes on", async (_, name, given) => {
    const { events } = await withAnswer((response) =>
      response.end(toolCall(name, given) + part("So.") + lastPart()),
    )
    expect(events.map(({ type }) => type)).toEqual(["tool-call-invalid", "text", "end"])
    expect(JSON.stringify(events)).not.toContain("secret")
  })
})

describe("what is sent to Ollama", () => {
  it("has the same options, byte for byte, in preload and chat, and keep_alive in both", async () => {
    const fake = await fakeOllama()
    fake.loaded = false
    const model = modelOf(fake)
    await Effect.runPromise(model.preload)
    await chatWith(model)
    const [preload = "", chat = ""] = fake.chats
    const optionsOf = (body: string) => /"options":\{[^}]*\}/.exec(body)?.[0]
    expect(optionsOf(preload)).toBe('"options":{"num_ctx":2048,"num_predict":20,"temperature":0.6}')
    expect(optionsOf(chat)).toBe(optionsOf(preload))
    expect(JSON.parse(preload)).toMatchObject({
      messages: [],
      keep_alive: "30m",
      think: false,
      stream: false,
    })
    expect(JSON.parse(chat)).toMatchObject({ keep_alive: "30m", think: false, stream: true })
  })

  it("has no tools and no think for a model that takes neither", async () => {
    const fake = await fakeOllama()
    await chatWith(modelOf(fake, { capabilities: ["completion"] }))
    const sent = JSON.parse(fake.chats[0] ?? "")
    expect(sent).not.toHaveProperty("tools")
    expect(sent).not.toHaveProperty("think")
  })

  it("tells what was called and what came of it in Ollama's words", async () => {
    const fake = await fakeOllama()
    const asked = { name: "list_containers", arguments: { all: true } }
    await chatWith(modelOf(fake), {
      ...request,
      messages: [
        ...request.messages,
        { role: "assistant", content: "", toolCalls: [asked] },
        { role: "tool", content: "three", toolName: "list_containers" },
      ],
    })
    expect(JSON.parse(fake.chats[0] ?? "").messages.slice(1)).toEqual([
      { role: "user", content: "secret words" },
      { role: "assistant", content: "", tool_calls: [{ function: asked }] },
      { role: "tool", content: "three", tool_name: "list_containers" },
    ])
  })

  it("has keep_alive as a number where it has no unit", async () => {
    const fake = await fakeOllama()
    await chatWith(modelOf(fake, { keepAlive: "-1" }))
    expect(JSON.parse(fake.chats[0] ?? "")).toMatchObject({ keep_alive: -1 })
  })
})

describe("the Modelfile of our model", () => {
  it("has the context that the configuration asks for, so that nothing makes Ollama load it again", () => {
    const modelfile = readFileSync(new URL("../../models/Modelfile", import.meta.url), "utf8")
    expect(modelfile).toMatch(
      new RegExp(`^PARAMETER num_ctx ${definition.llm.settings.num_ctx.fallback}$`, "m"),
    )
  })
})

describe("an Ollama that misbehaves", () => {
  const print = [vi.spyOn(console, "log"), vi.spyOn(console, "warn"), vi.spyOn(console, "error")]
  afterEach(() => {
    for (const spy of print) expect(spy).not.toHaveBeenCalled()
  })

  it("fails with a deadline when it is silent, and lets go of the request", async () => {
    const { failure, fake } = await withAnswer(() => undefined)
    expect(failure).toMatchObject({ reason: "deadline", message: "m: no first token within 0.15 s." })
    await eventually("the request is let go", () => fake.dropped())
  })

  it("waits longer for a model that must be loaded first", async () => {
    const fake = await fakeOllama(undefined, (response) =>
      setTimeout(() => response.end(part("Late.") + lastPart()), 300),
    )
    fake.loaded = false
    expect(await chatWith(modelOf(fake))).toMatchObject({ text: "Late.", failure: undefined })
  })

  it("waits only so long for that", async () => {
    const fake = await fakeOllama(undefined, () => undefined)
    fake.loaded = false
    const { failure } = await chatWith(modelOf(fake, { coldLoadMs: 250 }))
    expect(failure).toMatchObject({ reason: "deadline", message: "m: no first token within 0.25 s." })
  })

  it("fails with a deadline when it stops in mid-sentence, after what it said", async () => {
    const { text, failure } = await withAnswer((response) => response.write(part("Once upon")))
    expect(text).toBe("Once upon")
    expect(failure).toMatchObject({ reason: "deadline", message: "m: no further token within 0.15 s." })
  })

  it("is put up with when it is merely slow", async () => {
    const { text, failure } = await withAnswer((response) => {
      const words = ["One", " two", " three", " four"]
      const timer = setInterval(() => {
        const word = words.shift()
        if (word !== undefined) return response.write(part(word))
        clearInterval(timer)
        return response.end(lastPart())
      }, 60)
    })
    expect({ text, failure }).toEqual({ text: "One two three four", failure: undefined })
  })

  it("fails as died when the connection breaks in mid-sentence", async () => {
    const { text, failure } = await withAnswer((response) => {
      response.write(part("Once upon"))
      setTimeout(() => response.destroy(), 20)
    })
    expect(text).toBe("Once upon")
    expect(failure).toMatchObject({ _tag: "ModelFailure", reason: "died" })
  })

  it("fails as died when the answer ends without an end", async () => {
    const { failure } = await withAnswer((response) => response.end(part("Once upon")))
    expect(failure).toMatchObject({ reason: "died" })
  })

  it("is cut off when it never ends", async () => {
    const { events, failure, fake } = await withAnswer((response) => {
      const timer = setInterval(() => response.write(part("and ").repeat(5)), 1)
      response.on("close", () => clearInterval(timer))
    })
    expect(failure).toBeUndefined()
    expect(events.filter(({ type }) => type === "text")).toHaveLength(36)
    expect(events.at(-1)).toEqual({ type: "end", stopReason: "length" })
    await eventually("the request is let go", () => fake.dropped())
  })

  it("is cut off when it thinks for ever", async () => {
    const { events } = await withAnswer((response) => {
      response.write(part("<think>"))
      const timer = setInterval(() => response.write(part("hmm ").repeat(5)), 1)
      response.on("close", () => clearInterval(timer))
    })
    expect(events).toEqual([{ type: "end", stopReason: "length" }])
  })

  it.each([
    ["garbage", "<html>secret</html>\n"],
    ["half a line", '{"message":{"content":"secret'],
    ["a list", "[1,2]\n"],
    ["a number", "7\n"],
    ["a line without an end", "x".repeat(1_200_000)],
  ])("fails when it sends %s, and prints none of it", async (_, sent) => {
    const { failure } = await withAnswer((response) => response.end(part("Hi.") + sent))
    expect(failure).toMatchObject({ reason: "failed", message: expect.stringContaining("protocol") })
    expect(String(failure?.message)).not.toContain("secret")
  })

  it("is not followed when it points elsewhere", async () => {
    const elsewhere = await fakeOllama()
    const { failure } = await withAnswer((response) =>
      response.writeHead(307, { location: new URL("/api/chat", elsewhere.url).href }).end(),
    )
    expect(failure).toMatchObject({ reason: "refused" })
    expect(elsewhere.requests).toEqual([])
  })

  it.each([
    [404, "model 'm' not found", "missing", "ollama pull m"],
    [500, "model requires more system memory (9 GiB) than is available", "does-not-fit", "memory"],
    [500, "llama runner process has terminated: exit status 2", "died", "ollama serve"],
    [500, "error parsing tool call: raw='secret'", "failed", "HTTP 500"],
    [503, "server busy, please try again", "unavailable", "try again"],
  ])("turns HTTP %i, %j, into a failure that says what to do", async (status, error, reason, words) => {
    const { failure } = await withAnswer((response) =>
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify({ error })),
    )
    expect(failure).toMatchObject({ reason, message: expect.stringContaining(words) })
    expect(String(failure?.message)).not.toContain("secret")
  })

  it("takes an error in place of the first part for the server's, not for a server that is away", async () => {
    // What 0.9.6 answers, with status 200, when the runner is killed while it reads the prompt.
    const error = "model runner has unexpectedly stopped, this may be due to resource limitations"
    const { failure } = await withAnswer((response) => response.end(`${JSON.stringify({ error })}\n`))
    expect(failure).toMatchObject({ reason: "died", message: expect.stringContaining("runner") })
  })

  it("turns an error in mid-stream into a failure, without its words", async () => {
    const { failure } = await withAnswer((response) =>
      response.end(`${part("So")}${JSON.stringify({ error: "CUDA error: out of memory near secret" })}\n`),
    )
    expect(failure).toMatchObject({ reason: "does-not-fit" })
    expect(String(failure?.message)).not.toContain("secret")
  })

  it("fails as unavailable when nobody listens", async () => {
    const fake = await fakeOllama()
    const model = modelOf({ ...fake, url: new URL("http://127.0.0.1:1") })
    const { failure } = await chatWith(model)
    expect(failure).toMatchObject({ reason: "unavailable", message: expect.stringContaining("ollama serve") })
  })
})

describe("cancelling an Ollama model", () => {
  it("ends its own request and no other", async () => {
    const replies: (() => void)[] = []
    const fake = await fakeOllama(undefined, (response) => {
      response.write(part("One"))
      replies.push(() => response.end(part(" two.") + lastPart()))
    })
    const model = modelOf(fake, { firstTokenMs: 5_000 })
    const first = Effect.runFork(Stream.runDrain(model.chat(request)))
    const second = chatWith(model)
    await eventually("both requests came", () => replies.length === 2)
    await Effect.runPromise(Fiber.interrupt(first))
    await eventually("the request is let go", () => fake.dropped())
    for (const reply of replies) reply()
    expect(await second).toMatchObject({ text: "One two.", failure: undefined })
  })
})

describe("loading and unloading", () => {
  it("does not ask again for a model that was just used", async () => {
    const fake = await fakeOllama()
    const model = modelOf(fake)
    await Effect.runPromise(model.preload)
    await Effect.runPromise(model.preload)
    expect(fake.chats).toHaveLength(1)
  })

  it("fails with a deadline when loading takes too long", async () => {
    const fake = await fakeOllama(undefined, () => undefined)
    const failure = await Effect.runPromise(Effect.flip(modelOf(fake, { coldLoadMs: 100 }).preload))
    expect(failure).toMatchObject({ reason: "deadline", message: "m: not loaded within 0.1 s." })
  })

  it("has unloaded only when the server no longer lists the model", async () => {
    const fake = await fakeOllama(undefined, (response) => {
      response.end(lastPart("unload"))
      setTimeout(() => {
        fake.loaded = false
      }, 150)
    })
    await Effect.runPromise(modelOf(fake).unload)
    expect(fake.loaded).toBe(false)
    expect(JSON.parse(fake.chats[0] ?? "")).toMatchObject({ messages: [], keep_alive: 0 })
    expect(fake.requests.filter((line) => line === "GET /api/ps").length).toBeGreaterThan(1)
  })
})
