import { readFile } from "node:fs/promises"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { afterAll, beforeAll, expect, it } from "vitest"
import type { ModelReport } from "../../src/actors/models/model-life.ts"
import { makeOllamaActor, type OllamaActor } from "../../src/actors/models/ollama-actor.ts"
import { monotonicClock } from "../../src/audio/monotonic-clock.ts"
import { makeOllamaCalls } from "../../src/models/ollama-calls.ts"
import { ollamaServer } from "../../src/models/ollama-server.ts"
import type { ChatRequest } from "../../src/ports/language-model.ts"
import type { Residency } from "../../src/ports/residency.ts"
import { openResidency } from "../support/open-residency.ts"
import { eventually, isRunning } from "../support/processes.ts"
import { type RealOllama, startOllama } from "../support/real-ollama.ts"
import { describeWith } from "../support/require-component.ts"

const MODEL = "jett-qwen3"

const asking = (text: string): ChatRequest => ({
  messages: [
    { role: "system", content: "Answer in one short sentence." },
    { role: "user", content: text },
  ],
  tools: [],
})

const FRANCE = asking("What is the capital of France?")
const STORY = asking("Write a very long story about a fox, an owl and a bear, with many chapters.")

/** The tests follow one actor through its life; each begins where the one before left it. */
describeWith(["ollama", "models"], "a model actor over a real Ollama", () => {
  let ollama: RealOllama
  let actor: OllamaActor
  let leases = 0
  const scope = Scope.makeUnsafe()
  const reports: ModelReport[] = []
  const notices: string[] = []

  const counting: Residency = {
    ...openResidency,
    acquire: (...wish) =>
      Effect.acquireRelease(
        Effect.tap(openResidency.acquire(...wish), () => Effect.sync(() => leases++)),
        () => Effect.sync(() => leases--),
      ),
  }
  const settings = () => ({
    server: ollamaServer(ollama.url),
    model: MODEL,
    capabilities: ["completion"],
    contextTokens: 1_024,
    replyTokens: 400,
    temperature: 0,
    keepAlive: "5m",
    firstTokenMs: 20_000,
    coldLoadMs: 60_000,
  })

  beforeAll(async () => {
    ollama = await startOllama()
    await ollama.create(MODEL)
    actor = await Effect.runPromise(
      makeOllamaActor({
        ...settings(),
        partialOffload: "refuse",
        weightsMib: 100,
        ledger: "cpu",
        residency: counting,
        clock: monotonicClock,
        times: { pollMs: 250 },
        onReport: (report) => reports.push(report),
        onNotice: (notice) => notices.push(notice),
      }).pipe(Scope.provide(scope)),
    )
  })
  afterAll(async () => {
    await Effect.runPromise(Scope.close(scope, Exit.void))
    await ollama?.stop()
  })

  const resident = () => Effect.runPromise(ollamaServer(ollama.url).resident(MODEL))
  const preload = () => Effect.runPromise(actor.preload)
  const chat = async (request: ChatRequest, onText: () => void = () => undefined) => {
    let text = ""
    const failure = await Effect.runPromise(
      Effect.match(
        Stream.runForEach(actor.chat(request), (event) =>
          Effect.sync(() => {
            if (event.type !== "text") return
            text += event.text
            onText()
          }),
        ),
        { onSuccess: () => undefined, onFailure: (error) => error },
      ),
    )
    return { text, failure }
  }

  it("is ready when the server lists the model, all of it on the processor where there is no GPU", async () => {
    await preload()
    expect(await resident()).toMatchObject({ vramBytes: 0 })
    expect({ state: actor.state(), leases, notices }).toEqual({ state: "ready", leases: 1, notices: [] })
  })

  it("does not make the server load again for a chat: its requests carry the options of the load", async () => {
    const bodies: string[] = []
    const plain = globalThis.fetch
    globalThis.fetch = async (input, init) => {
      if (typeof init?.body === "string") bodies.push(init.body)
      return plain(input, init)
    }
    try {
      const calls = makeOllamaCalls(settings())
      await Effect.runPromise(calls.load)
      await Effect.runPromise(Stream.runHead(calls.chat(FRANCE, 20_000)))
    } finally {
      globalThis.fetch = plain
    }
    const [load = "", asked = ""] = bodies
    const optionsOf = (body: string) => /"options":\{[^}]*\}/.exec(body)?.[0]
    expect(optionsOf(load)).toBe(optionsOf(asked))
    const response = await fetch(new URL("/api/chat", ollama.url), {
      method: "POST",
      body: JSON.stringify({ ...JSON.parse(asked), stream: false }),
    })
    const loadMs = JSON.parse(await response.text()).load_duration / 1e6
    console.info(`ollama: load_duration of a chat is ${loadMs.toFixed(1)} ms when the model is loaded`)
    expect(loadMs).toBeLessThan(200)
  })

  it("is busy while it answers, and is unloaded only after that", async () => {
    let unloading: Promise<void> | undefined
    const { text, failure } = await chat(FRANCE, () => {
      expect(actor.state()).toBe("busy")
      unloading ??= Effect.runPromise(actor.unload)
    })
    expect({ text, failure }).toEqual({ text: expect.stringContaining("Paris"), failure: undefined })
    await unloading
    expect(await resident()).toBeUndefined()
    expect({ state: actor.state(), leases }).toEqual({ state: "unloaded", leases: 0 })
  })

  it("is loaded again by the next chat", async () => {
    expect((await chat(FRANCE)).text).toContain("Paris")
    expect(leases).toBe(1)
  })

  it("notices that another client had the model unloaded", async () => {
    await Effect.runPromise(makeOllamaCalls(settings()).expire)
    await eventually("it is noticed", () => actor.state() === "unloaded")
    expect(leases).toBe(0)
  })

  it("notices that the server was killed, and loads again when it is back", async () => {
    await preload()
    const [, ...runners] = ollama.pids()
    await ollama.kill()
    const noticedMs = await eventually("it is noticed", () => actor.state() === "failed")
    const left = runners.filter(isRunning).length
    console.info(
      `ollama: a killed server was noticed after ${noticedMs.toFixed(0)} ms; ${left} of ${runners.length} runners outlived it`,
    )
    expect(reports.at(-1)?.failure).toMatchObject({ reason: "unavailable" })
    expect(leases).toBe(0)
    await ollama.restart()
    expect((await chat(FRANCE)).text).toContain("Paris")
    expect({ state: actor.state(), leases }).toEqual({ state: "ready", leases: 1 })
  })

  it("ends a reply in a failure when the server is killed in the middle of it", async () => {
    let killing: Promise<void> | undefined
    const { text, failure } = await chat(STORY, () => {
      killing ??= ollama.kill()
    })
    await killing
    expect(text).not.toBe("")
    expect(failure).toMatchObject({ _tag: "ModelFailure", reason: "died" })
    await ollama.restart()
    expect((await chat(FRANCE)).text).toContain("Paris")
  })

  it("survives a restart of the server before the first word", async () => {
    await ollama.kill()
    const restarting = new Promise((resolve) => setTimeout(resolve, 500)).then(() => ollama.restart())
    const { text, failure } = await chat(FRANCE)
    await restarting
    expect({ text, failure }).toEqual({ text: expect.stringContaining("Paris"), failure: undefined })
  })

  it("takes a model made by our Modelfile, but for its weights", async () => {
    const modelfile = await readFile(new URL("../../models/Modelfile", import.meta.url), "utf8")
    expect(modelfile).toMatch(/^FROM qwen3:8b$/m)
    await ollama.createFrom("from-modelfile", modelfile)
    const response = await fetch(new URL("/api/show", ollama.url), {
      method: "POST",
      body: JSON.stringify({ model: "from-modelfile" }),
    })
    const { parameters } = JSON.parse(await response.text())
    expect(parameters).toMatch(/^num_ctx\s+2048$/m)
    expect(parameters).toMatch(/^top_k\s+20$/m)
  })
})
