import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished } from "vitest"
import { makeOllamaActor } from "../../src/actors/models/ollama-actor.ts"
import { makeResidency } from "../../src/actors/residency/residency.ts"
import { monotonicClock } from "../../src/audio/monotonic-clock.ts"
import { makeOllamaCalls } from "../../src/models/ollama-calls.ts"
import { type OllamaServer, ollamaServer } from "../../src/models/ollama-server.ts"
import type { Readings } from "../../src/ports/readings.ts"
import { eventually } from "../support/processes.ts"
import { type RealOllama, startOllama } from "../support/real-ollama.ts"
import { describeWith } from "../support/require-component.ts"

const MODELS = ["m", "other"] as const
const MIB = 2 ** 20
const DRIVER_MIB = 100

/** What the card of `onCard` would say: a SIMULATED GPU that holds just what the real server lists. */
const cardOf = (server: OllamaServer, totalMib: number): Readings => {
  const take = Effect.forEach(MODELS, (model) => server.resident(model)).pipe(
    Effect.map((residents) => ({
      totalMib,
      usedMib: Math.ceil(
        residents.reduce((sum, resident) => sum + (resident?.vramBytes ?? 0) / MIB, DRIVER_MIB),
      ),
      atMs: monotonicClock.now(),
    })),
    Effect.orElseSucceed(() => undefined),
  )
  return { source: "simulated", take, watch: Stream.never }
}

/** The real server, as if what it holds in RAM were on a card. */
const onCard = (url: URL): OllamaServer => {
  const server = ollamaServer(url)
  return {
    ...server,
    resident: (model) =>
      Effect.map(
        server.resident(model),
        (resident) => resident && { ...resident, vramBytes: resident.sizeBytes },
      ),
  }
}

describeWith(["ollama", "models"], "a model that a real Ollama holds from an earlier run", () => {
  let ollama: RealOllama
  let server: OllamaServer
  /** Of the model with `CONTEXT_TOKENS`. */
  let sizeMib = 0

  const CONTEXT_TOKENS = 1_024
  const settings = (model = "m", contextTokens = CONTEXT_TOKENS) => ({
    server,
    model,
    capabilities: ["completion"],
    contextTokens,
    replyTokens: 64,
    keepAlive: "5m",
    firstTokenMs: 20_000,
    coldLoadMs: 60_000,
  })
  const load = (model?: string, contextTokens?: number) =>
    Effect.runPromise(makeOllamaCalls(settings(model, contextTokens)).load)
  const resident = (model = "m") => Effect.runPromise(server.resident(model))
  const runners = () => ollama.pids().slice(1)

  /** Jett as far as it matters here. The card has room for the model and half of it. */
  const run = async () => {
    const scope = Scope.makeUnsafe()
    const totalMib = DRIVER_MIB + Math.ceil(sizeMib * 1.5)
    const readings = cardOf(server, totalMib)
    const end = () => Effect.runPromise(Scope.close(scope, Exit.void))
    onTestFinished(end)
    const { ledger, actor } = await Effect.runPromise(
      Effect.gen(function* () {
        const made = yield* makeResidency({
          readings,
          clock: monotonicClock,
          settings: { totalMib, reserveMib: DRIVER_MIB, headroomMib: 0 },
        })
        const { model } = settings()
        const opened = yield* makeOllamaActor({
          ...settings(),
          model,
          partialOffload: "refuse",
          weightsMib: sizeMib - 144,
          ledger: "gpu",
          residency: made,
          readings,
          clock: monotonicClock,
        })
        return { ledger: made, actor: opened }
      }).pipe(Scope.provide(scope)),
    )
    return { end, actor, pool: () => ledger.snapshot().pools.gpu }
  }

  beforeAll(async () => {
    ollama = await startOllama()
    server = onCard(ollama.url)
    for (const model of MODELS) await ollama.create(model)
    await load()
    sizeMib = Math.ceil(((await resident())?.sizeBytes ?? 0) / MIB)
  })
  afterAll(() => ollama?.stop())
  beforeEach(async () => {
    for (const model of MODELS) {
      if ((await resident(model)) !== undefined)
        await Effect.runPromise(makeOllamaCalls(settings(model)).expire)
    }
    await eventually("nothing is loaded", () => runners().length === 0)
    while ((await resident("m")) !== undefined || (await resident("other")) !== undefined);
  })

  it("is used by the next run as it is, and takes no second piece of the budget", async () => {
    const first = await run()
    await Effect.runPromise(first.actor.preload)
    await first.end()
    expect(await resident()).toBeDefined()
    const before = runners()
    const second = await run()
    expect(second.pool()).toMatchObject({ committedMib: 0, foreignMib: sizeMib })
    await Effect.runPromise(second.actor.preload)
    expect(second.pool()).toMatchObject({ committedMib: sizeMib, foreignMib: 0 })
    expect(runners()).toEqual(before)
  })

  it("is loaded again by the server where another client loaded it with another context", async () => {
    await load("m", 2 * CONTEXT_TOKENS)
    const before = runners()
    const { actor, pool } = await run()
    await Effect.runPromise(actor.preload)
    expect(actor.state()).toBe("ready")
    expect(pool()).toMatchObject({ committedMib: expect.any(Number), overcommitted: false })
    expect((await resident())?.sizeBytes).toBeLessThanOrEqual(sizeMib * MIB)
    expect(runners()).not.toEqual(before)
  })

  it("is not mixed up with another client's model, which stays a stranger's", async () => {
    await load("other")
    const { actor, pool } = await run()
    expect(await Effect.runPromise(Effect.flip(actor.preload))).toMatchObject({
      reason: "refused",
      message: "Other programs use the graphics memory that I need for the language model.",
    })
    expect(pool()).toMatchObject({ committedMib: 0, foreignMib: sizeMib })
    expect(await resident("other")).toBeDefined()
  })
})
