import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { describe, expect, it } from "vitest"
import { chooseLanguageModel, type LanguageModelWishes } from "../../src/models/choose-language-model.ts"
import type { LanguageModel } from "../../src/ports/language-model.ts"
import { type FakeModel, type FakeOllama, fakeOllama } from "../support/fake-ollama.ts"
import { ollamaWishes } from "../support/ollama-wishes.ts"

const embedded: LanguageModel = {
  name: "tiny",
  placement: "embedded",
  contextTokens: 2_048,
  preload: Effect.void,
  chat: () => Stream.empty,
}

const TINY = "Answers come from a tiny built-in model; use Ollama for real answers."
const CREATE =
  'Ollama has no model "jett-qwen3"; create it with: ollama create jett-qwen3 -f models/Modelfile.'

interface Wish extends Partial<Omit<LanguageModelWishes, "ollama">> {
  readonly url: URL | string
  readonly model?: string
  readonly enabled?: boolean
}

const choose = async ({ url, model = "jett-qwen3", enabled = true, ...more }: Wish) => {
  const choice = await Effect.runPromise(
    chooseLanguageModel({
      ollama: { url: String(url), model, enabled },
      ...ollamaWishes,
      embedded,
      ...more,
    }),
  )
  return choice.type === "none"
    ? { model: "none", notice: choice.notice }
    : { model: `${choice.model.placement} ${choice.model.name}`, notice: choice.notice }
}

const ollamaWith = (...models: readonly FakeModel[]): Promise<FakeOllama> => fakeOllama(models)
const able = ["completion", "tools"] as const

describe("chooseLanguageModel", () => {
  it("takes Ollama with the configured model, and says nothing about it", async () => {
    const { url } = await ollamaWith({ name: "jett-qwen3:latest", capabilities: able })
    expect(await choose({ url })).toEqual({ model: "ollama jett-qwen3", notice: undefined })
  })

  it("lets the embedded model stand in for Ollama's, and for no other", async () => {
    const { url } = await ollamaWith({ name: "jett-qwen3:latest", capabilities: able })
    const wishes = {
      ollama: { url: String(url), model: "jett-qwen3", enabled: true },
      ...ollamaWishes,
    }
    const standInOf = async (more: Partial<LanguageModelWishes>) => {
      const choice = await Effect.runPromise(chooseLanguageModel({ ...wishes, embedded, ...more }))
      return choice.type === "chosen" ? choice.standIn : "none"
    }
    expect(await standInOf({})).toBe(embedded)
    expect(await standInOf({ embedded: undefined })).toBeUndefined()
    expect(await standInOf({ ollama: { ...wishes.ollama, enabled: false } })).toBeUndefined()
  })

  it("prints the exact command when the model is missing, and lets an able one stand in", async () => {
    const { url } = await ollamaWith(
      { name: "tiny:1b", size: 1e9, capabilities: able },
      { name: "good:7b", size: 5e9, capabilities: able },
      { name: "deaf:7b", size: 5.5e9, capabilities: ["completion"] },
      { name: "embedder:1b", size: 5.4e9, capabilities: ["embedding", "tools"] },
      { name: "huge:70b", size: 40e9, capabilities: able },
    )
    expect(await choose({ url })).toEqual({
      model: "ollama good:7b",
      notice: `${CREATE} Until then good:7b answers.`,
    })
  })

  it("fetches a model that is not ours by its own name", async () => {
    const { url } = await ollamaWith()
    const { notice } = await choose({ url, model: "qwen3:4b" })
    expect(notice).toContain("create it with: ollama pull qwen3:4b.")
  })

  it("takes the embedded model when Ollama has none that is able, and says both", async () => {
    const { url } = await ollamaWith({ name: "deaf:7b" })
    expect(await choose({ url })).toEqual({ model: "embedded tiny", notice: `${CREATE} ${TINY}` })
  })

  it("takes the embedded model when Ollama does not answer", async () => {
    const { model, notice } = await choose({ url: "http://127.0.0.1:1" })
    expect(model).toBe("embedded tiny")
    expect(notice).toBe(`Ollama does not answer at http://127.0.0.1:1; start it with "ollama serve". ${TINY}`)
  })

  it("understands fixed phrases only when there is nothing else, and says so", async () => {
    expect(await choose({ url: "http://127.0.0.1:1", embedded: undefined })).toEqual({
      model: "none",
      notice:
        'Ollama does not answer at http://127.0.0.1:1; start it with "ollama serve". There is no language model, so only fixed phrases are understood.',
    })
  })

  it("does not ask an Ollama that is switched off", async () => {
    const fake = await ollamaWith({ name: "jett-qwen3:latest", capabilities: able })
    expect(await choose({ url: fake.url, enabled: false })).toEqual({ model: "embedded tiny", notice: TINY })
    expect(fake.requests).toEqual([])
  })
})

describe("the privacy of chooseLanguageModel", () => {
  const cloud = [
    { name: "jett-qwen3:latest", capabilities: able, remote_host: "https://example.org" },
    { name: "big:120b-cloud", size: 400, capabilities: able },
  ] as const

  it("refuses an address that is not on this machine without a connection to it", async () => {
    const { model, notice } = await choose({ url: "http://192.0.2.1:11434" })
    expect(model).toBe("embedded tiny")
    expect(notice).toContain("http://192.0.2.1:11434 is not on this machine")
    expect(notice).toContain("privacy.allow_remote_llm = true")
  })

  it("refuses a name that resolves elsewhere, although something answers there", async () => {
    const fake = await ollamaWith({ name: "jett-qwen3:latest", capabilities: able })
    const url = `http://ollama.example:${fake.url.port}`
    const { model } = await choose({ url, lookup: async () => ["127.0.0.1", "192.0.2.1"] })
    expect(model).toBe("embedded tiny")
    expect(fake.requests).toEqual([])
  })

  it("refuses a model that Ollama runs elsewhere, and never chats with it", async () => {
    const fake = await ollamaWith(...cloud)
    const { model, notice } = await choose({ url: fake.url })
    expect(model).toBe("embedded tiny")
    expect(notice).toContain('"jett-qwen3" runs in the cloud, although Ollama is local, and was refused')
    expect(fake.chats).toEqual([])
  })

  it("refuses a model by its cloud name, and takes a local one instead", async () => {
    const { url } = await ollamaWith(...cloud, { name: "good:7b", capabilities: able })
    const { model, notice } = await choose({ url, model: "big:120b-cloud" })
    expect(model).toBe("ollama good:7b")
    expect(notice).toContain('"big:120b-cloud" runs in the cloud')
  })

  it("takes a cloud model when that is allowed", async () => {
    const { url } = await ollamaWith(...cloud)
    const privacy = { allowRemoteLlm: true }
    expect(await choose({ url, privacy })).toEqual({ model: "ollama jett-qwen3", notice: undefined })
  })

  it("never takes a cloud model as a stand-in, even then", async () => {
    const { url } = await ollamaWith(...cloud.slice(1))
    expect(await choose({ url, privacy: { allowRemoteLlm: true } })).toMatchObject({ model: "embedded tiny" })
  })
})
