import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { describe, expect, it, onTestFinished } from "vitest"
import { makeOllamaModels } from "../../../src/actors/models/ollama-models.ts"
import { makeResidency } from "../../../src/actors/residency/residency.ts"
import { monotonicClock } from "../../../src/audio/monotonic-clock.ts"
import { chooseLanguageModel } from "../../../src/models/choose-language-model.ts"
import { ollamaServer } from "../../../src/models/ollama-server.ts"
import type { Readings } from "../../../src/ports/readings.ts"
import type { Residency, Tenant } from "../../../src/ports/residency.ts"
import { fakeOllama, livelyAnswer, purposeOf } from "../../support/fake-ollama.ts"
import { ollamaWishes } from "../../support/ollama-wishes.ts"
import { openResidency } from "../../support/open-residency.ts"
import { eventually } from "../../support/processes.ts"

const able = ["completion", "tools"] as const

const noReadings: Readings = { source: "none", take: Effect.succeed(undefined), watch: Stream.empty }

const rig = async (ledger: Residency = openResidency) => {
  const fake = await fakeOllama([
    { name: "one:latest", size: 4_000 * 2 ** 20, capabilities: able },
    { name: "two:latest", capabilities: able },
  ])
  Object.assign(fake, { loaded: false, answer: livelyAnswer(() => fake) })
  const tenants: Tenant[] = []
  const residency: Residency = {
    ...ledger,
    register: (tenant) => {
      tenants.push(tenant)
      return ledger.register(tenant)
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
        ...ollamaWishes,
        embedded: undefined,
        openOllama,
      }),
    )
    return choice.type === "chosen" ? choice.model : expect.fail(choice.notice)
  }
  /** As after an `ollama create` in place: the same name, and other abilities. */
  const open = (model: string, capabilities: readonly string[]) =>
    Effect.runPromise(
      openOllama({
        server: ollamaServer(fake.url),
        model,
        capabilities,
        ...ollamaWishes.settings,
      }),
    )
  return { fake, tenants, choose, open }
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

  const withLedger = async () => {
    const scope = Scope.makeUnsafe()
    const ledger = await Effect.runPromise(
      makeResidency({ readings: noReadings, clock: monotonicClock }).pipe(Scope.provide(scope)),
    )
    const made = await rig(ledger)
    onTestFinished(() => Effect.runPromise(Scope.close(scope, Exit.void)))
    const purposes = () =>
      made.fake.chats.map((body) => `${purposeOf(body)} ${JSON.parse(body).model.replace(/:.*/, "")}`)
    return { ...made, purposes, rows: () => ledger.snapshot().rows }
  }

  it("made anew under the same name take the place of the old ones, when those have left", async () => {
    const { open, purposes, rows } = await withLedger()
    const first = await open("one", ["completion"])
    await Effect.runPromise(first.preload)
    const second = await open("one", able)
    expect(purposes()).toEqual(["load one", "unload one"])
    await Effect.runPromise(second.preload)
    expect(second.callsTools).toBe(true)
    expect(purposes()).toEqual(["load one", "unload one", "load one"])
    expect(rows()).toMatchObject([{ model: "one", state: "loaded", leases: 1 }])
  })

  it("chosen again soon after another one wait for their own end only", async () => {
    const { open, purposes, rows, fake } = await withLedger()
    let unload = (): void => undefined
    const lively = fake.answer
    fake.answer = (response, body) => {
      if (purposeOf(body) !== "unload" || JSON.parse(body).model !== "one") return lively(response, body)
      unload = () => lively(response, body)
    }
    await Effect.runPromise((await open("one", able)).preload)
    const other = await open("two", able)
    expect(other.name).toBe("two")
    const again = open("one:latest", able)
    expect(await Promise.race([again, new Promise((resolve) => setTimeout(resolve, 100, "waits"))])).toBe(
      "waits",
    )
    unload()
    await Effect.runPromise((await again).preload)
    expect(purposes().at(-1)).toBe("load one")
    await eventually("only the last is there", () => rows().length === 1)
    expect(rows()).toMatchObject([{ model: "one:latest", state: "loaded", leases: 1 }])
  })
})
