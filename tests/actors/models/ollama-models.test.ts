import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { describe, expect, it, onTestFinished } from "vitest"
import { makeOllamaModels } from "../../../src/actors/models/ollama-models.ts"
import { monotonicClock } from "../../../src/audio/monotonic-clock.ts"
import { chooseLanguageModel } from "../../../src/models/choose-language-model.ts"
import type { Residency, Tenant } from "../../../src/ports/residency.ts"
import { fakeOllama, livelyAnswer } from "../../support/fake-ollama.ts"
import { openResidency } from "../../support/open-residency.ts"
import { eventually } from "../../support/processes.ts"

const able = ["completion", "tools"] as const

const rig = async () => {
  const fake = await fakeOllama([
    { name: "one:latest", size: 4_000 * 2 ** 20, capabilities: able },
    { name: "two:latest", capabilities: able },
  ])
  Object.assign(fake, { loaded: false, answer: livelyAnswer(() => fake) })
  const tenants: Tenant[] = []
  const residency: Residency = {
    ...openResidency,
    register: (tenant) => {
      tenants.push(tenant)
      return openResidency.register(tenant)
    },
  }
  const scope = Scope.makeUnsafe()
  onTestFinished(() => Effect.runPromise(Scope.close(scope, Exit.void)))
  const openOllama = await Effect.runPromise(
    makeOllamaModels({
      residency,
      ledger: "gpu",
      partialOffload: "accept",
      clock: monotonicClock,
      times: { pollMs: 50 },
    }).pipe(Scope.provide(scope)),
  )
  const choose = async (model: string) => {
    const choice = await Effect.runPromise(
      chooseLanguageModel({
        ollama: { enabled: true, url: fake.url.href, model },
        privacy: { allowRemoteLlm: false },
        settings: {
          contextTokens: 2_048,
          replyTokens: 64,
          keepAlive: "30m",
          firstTokenMs: 1_000,
          coldLoadMs: 1_000,
        },
        embedded: undefined,
        openOllama,
      }),
    )
    return choice.type === "chosen" ? choice.model : expect.fail(choice.notice)
  }
  return { fake, tenants, choose }
}

describe("the models of an Ollama server", () => {
  it("are chosen again and again, and stay the same actor with the same lease", async () => {
    const { choose, fake, tenants } = await rig()
    const first = await choose("one")
    await Effect.runPromise(first.preload)
    expect(await choose("one")).toBe(first)
    expect(fake.chats).toHaveLength(1)
    expect(tenants).toHaveLength(1)
  })

  it("are declared to the ledger by the size of their file and their context", async () => {
    const { choose, tenants } = await rig()
    await choose("one")
    expect(tenants[0]).toMatchObject({
      model: "one",
      modelClass: "llm",
      variants: [{ footprintKey: "ollama/one?num_ctx=2048", placement: "gpu", declaredMib: 4_000 + 288 }],
    })
  })

  it("are unloaded when another one is chosen", async () => {
    const { choose, fake } = await rig()
    const first = await choose("one")
    await Effect.runPromise(first.preload)
    const second = await choose("two")
    expect(second.name).toBe("two")
    await eventually("the first is unloaded", () =>
      fake.chats.some((body) => JSON.parse(body).model === "one" && JSON.parse(body).keep_alive === 0),
    )
  })
})
