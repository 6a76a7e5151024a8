import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { describe, expect, it } from "vitest"
import { type ChatActor, makeEmbeddedLanguageModel } from "../../src/models/embedded-language-model.ts"
import { ModelError } from "../../src/models/model-error.ts"
import type { ChatInput } from "../../src/ports/engine.ts"
import type { ChatRequest } from "../../src/ports/language-model.ts"

const request: ChatRequest = {
  messages: [{ role: "user", content: "Well?" }],
  tools: [{ name: "a", description: "", parameters: {} }],
}

const output = { stopReason: "end", promptTokens: 5, outputTokens: 2 } as const

const actorSaying = (...texts: readonly string[]) => {
  const inputs: ChatInput[] = []
  const actor: ChatActor = {
    preload: Effect.void,
    inferStream: (input) => {
      inputs.push(input)
      return Stream.fromIterable([
        ...texts.map((text) => ({ type: "chunk" as const, value: { text } })),
        { type: "done" as const, value: output },
      ])
    },
  }
  return { actor, inputs }
}

const modelWith = (actor: ChatActor) =>
  makeEmbeddedLanguageModel({ name: "tiny", actor, contextTokens: 512, replyTokens: 48 })

const events = (actor: ChatActor) => Effect.runPromise(Stream.runCollect(modelWith(actor).chat(request)))

describe("the embedded language model", () => {
  it("gives the actor's text, then how it ended", async () => {
    expect(await events(actorSaying("Paris", ".").actor)).toEqual([
      { type: "text", text: "Paris" },
      { type: "text", text: "." },
      { type: "end", stopReason: "end" },
    ])
  })

  it("keeps what the model thinks to itself", async () => {
    expect(await events(actorSaying("<think>so", "</think> Paris", " <").actor)).toEqual([
      { type: "text", text: "Paris" },
      { type: "text", text: " " },
      { type: "text", text: "<" },
      { type: "end", stopReason: "end" },
    ])
  })

  it("asks for a bounded reply without chance in it, and shows no tools", async () => {
    const { actor, inputs } = actorSaying("x")
    await events(actor)
    expect(inputs).toEqual([{ messages: request.messages, maxTokens: 48, temperature: 0, seed: undefined }])
  })

  it("passes on the actor's failure after the text that came before it", async () => {
    const died = new ModelError({ model: "tiny", reason: "died", message: "The host ended." })
    const actor: ChatActor = {
      preload: Effect.void,
      inferStream: () =>
        Stream.concat(Stream.make({ type: "chunk" as const, value: { text: "So" } }), Stream.fail(died)),
    }
    const seen: string[] = []
    const failure = await Effect.runPromise(
      Effect.flip(
        Stream.runForEach(modelWith(actor).chat(request), ({ type }) => Effect.sync(() => seen.push(type))),
      ),
    )
    expect(failure).toBe(died)
    expect(seen).toEqual(["text"])
  })

  it("cancels the inference when nobody listens any more", async () => {
    let cancelled = false
    const actor: ChatActor = {
      preload: Effect.void,
      inferStream: () =>
        Stream.fromEffect(
          Effect.onInterrupt(Effect.never, () =>
            Effect.sync(() => {
              cancelled = true
            }),
          ),
        ),
    }
    const fiber = Effect.runFork(Stream.runDrain(modelWith(actor).chat(request)))
    await new Promise((resolve) => setImmediate(resolve))
    await Effect.runPromise(Fiber.interrupt(fiber))
    expect(cancelled).toBe(true)
  })
})
