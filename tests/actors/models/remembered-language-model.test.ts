import { createServer } from "node:http"
import * as Effect from "effect/Effect"
import { describe, expect, it, onTestFinished } from "vitest"
import type { ModelActor } from "../../../src/actors/models/model-actor.ts"
import { rememberedLanguageModel } from "../../../src/actors/models/remembered-language-model.ts"
import { loadConfig } from "../../../src/config/load-config.ts"
import { makeOllamaModel } from "../../../src/models/ollama.ts"
import type { OllamaModelOptions } from "../../../src/models/ollama-calls.ts"
import type { ChatChunk, ChatInput, ChatOutput } from "../../../src/ports/engine.ts"
import { fakeOllama } from "../../support/fake-ollama.ts"

const unused = (): never => {
  throw new Error("not part of this test")
}

const actor: ModelActor<ChatInput, ChatChunk, ChatOutput> = {
  id: "unused",
  preload: Effect.sync(unused),
  infer: unused,
  inferRetrying: unused,
  inferStream: unused,
  state: () => "unloaded",
  pid: () => undefined,
  unload: Effect.void,
}

/** A server in the place of Ollama that refuses its first request and answers none after that. */
const hangingServer = async () => {
  let requests = 0
  let hangs: () => void = () => {}
  const hanging = new Promise<void>((resolve) => {
    hangs = resolve
  })
  const server = createServer((_request, response) => {
    requests += 1
    if (requests === 1) response.writeHead(500).end()
    else hangs()
  })
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve)
  })
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  const port = typeof address === "object" ? address?.port : undefined
  return { url: `http://127.0.0.1:${port}`, hanging, requests: () => requests }
}

describe("the remembered language model", () => {
  it("is given at once while a server that hangs is looked at again", async () => {
    const server = await hangingServer()
    const { config } = loadConfig({
      env: { XDG_CONFIG_HOME: "/nonexistent" },
      overrides: new Map([
        ["llm.provider", "ollama"],
        ["llm.ollama_url", server.url],
      ]),
      mayBeMissing: true,
    })
    const remembered = rememberedLanguageModel(config, { installed: unused }, actor)
    const first = await Effect.runPromise(remembered.current)
    expect(first.type).toBe("none")
    expect(server.requests()).toBe(1)

    let refreshed = false
    const refreshing = Effect.runPromise(remembered.refresh).then(() => {
      refreshed = true
    })
    await server.hanging
    expect(await Effect.runPromise(remembered.current)).toBe(first)
    expect(refreshed).toBe(false)
    await refreshing
  })

  it("of Ollama's keeps off the GPU where the profile says so, and only there", async () => {
    const fake = await fakeOllama([{ name: "m:latest", capabilities: ["completion"] }])
    const openedWith = async (profile: string) => {
      const { config } = loadConfig({
        env: { XDG_CONFIG_HOME: "/nonexistent" },
        overrides: new Map([
          ["llm.provider", "ollama"],
          ["llm.ollama_url", fake.url.href],
          ["llm.ollama_model", "m"],
          ["memory.profile", profile],
        ]),
        mayBeMissing: true,
      })
      const opened: (boolean | undefined)[] = []
      const openOllama = (options: OllamaModelOptions) => {
        opened.push(options.processorOnly)
        return Effect.succeed(makeOllamaModel(options))
      }
      const remembered = rememberedLanguageModel(
        config,
        { installed: unused },
        actor,
        () => undefined,
        openOllama,
      )
      await Effect.runPromise(remembered.current)
      return opened
    }
    expect(await openedWith("cpu")).toEqual([true])
    expect(await openedWith("auto")).toEqual([false])
    expect(await openedWith("lean")).toEqual([false])
  })
})
