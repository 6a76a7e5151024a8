import * as Effect from "effect/Effect"
import { describe, expect, it } from "vitest"
import type { OllamaActorOptions } from "../../../src/actors/models/ollama-actor.ts"
import type { Residency } from "../../../src/ports/residency.ts"
import { lastPart, purposeOf } from "../../support/fake-ollama.ts"
import { GIB, ollamaRig, simulatedCard, WHOLE } from "../../support/ollama-rig.ts"
import { openResidency } from "../../support/open-residency.ts"
import { eventually } from "../../support/processes.ts"

describe("a model in an Ollama server", () => {
  it("is loaded with a lease, answers, and gives both back", async () => {
    const { actor, chat, states, preload, unload, purposes, ledger } = await ollamaRig()
    await preload()
    expect(actor.state()).toBe("ready")
    expect(ledger).toMatchObject({ open: 1, loaded: [5 * 1024] })
    expect(await chat()).toEqual({ text: "Hello.", failure: undefined })
    expect(ledger.busy).toEqual([true, false])
    await unload()
    expect(states()).toEqual(["admitting", "loading", "ready", "unloading", "unloaded"])
    expect(purposes()).toEqual(["load", "chat", "unload"])
    expect(ledger.open).toBe(0)
  })

  it("is loaded by a chat that nobody prepared", async () => {
    const { chat, purposes } = await ollamaRig()
    expect((await chat()).text).toBe("Hello.")
    expect(purposes()).toEqual(["load", "chat"])
  })

  it("sends the same options, keep_alive and think, byte for byte, to load and to chat", async () => {
    const { chat, fake } = await ollamaRig()
    await chat()
    const [load = "", asked = ""] = fake.chats
    const shared = (body: string) => [
      /"options":\{[^}]*\}/.exec(body)?.[0],
      /"keep_alive":[^,}]*/.exec(body)?.[0],
      /"think":[^,}]*/.exec(body)?.[0],
    ]
    expect(shared(load)).toEqual([
      '"options":{"num_ctx":4096,"num_predict":64,"temperature":0.6}',
      '"keep_alive":"30m"',
      '"think":false',
    ])
    expect(shared(asked)).toEqual(shared(load))
  })

  it("fails with the sentence of whoever refuses the memory, and asks of Ollama no more than what it holds", async () => {
    const refusing: Residency = {
      ...openResidency,
      acquire: () => Effect.fail({ _tag: "Refused", reason: "A game has the memory." }),
    }
    const { failing, fake, states } = await ollamaRig({}, { residency: refusing })
    expect(await failing()).toMatchObject({ reason: "refused", message: "A game has the memory." })
    expect(fake.requests).toEqual(["GET /api/ps"])
    expect(states().at(-1)).toBe("failed")
  })

  it("loads with the context that the lease was granted for", async () => {
    const { ledger, preload, actor, fake } = await ollamaRig()
    expect(ledger.tenant?.variants.map(({ declaredMib }) => declaredMib)).toEqual([5376, 5088, 4944])
    ledger.granted = 1
    await preload()
    expect(JSON.parse(fake.chats[0] ?? "")).toMatchObject({ options: { num_ctx: 2_048 } })
    expect(actor.contextTokens).toBe(2_048)
  })

  it("leaves again after each reply where keep_alive is zero, which would make a load an unload", async () => {
    const { chat, actor, purposes, fake } = await ollamaRig({}, { keepAlive: "0" })
    expect((await chat()).text).toBe("Hello.")
    await eventually("it is unloaded", () => actor.state() === "unloaded")
    expect(purposes()).toEqual(["load", "chat", "unload"])
    expect(JSON.parse(fake.chats[0] ?? "")).toMatchObject({ keep_alive: "30s" })
  })
})

describe("what Ollama says about a load", () => {
  it("is not believed before the model is listed", async () => {
    const { preload, fake } = await ollamaRig({
      load: (response) => {
        response.end(lastPart("load"))
        setTimeout(() => {
          fake.loaded = true
        }, 150)
      },
    })
    await preload()
    expect(fake.loaded).toBe(true)
  })

  it("is measured by readings before and after it", async () => {
    const { card, readings } = simulatedCard()
    const { preload, footprints, fake } = await ollamaRig(
      {
        load: (response) => {
          card.usedMib += 5_400
          fake.loaded = true
          response.end(lastPart("load"))
        },
      },
      { readings },
    )
    await preload()
    expect(footprints).toEqual([
      { footprintKey: "ollama/m?num_ctx=4096", measuredMib: 5_400, vramMib: 5_120 },
    ])
  })

  it("is not measured where the model was there before", async () => {
    const { preload, footprints, fake } = await ollamaRig({}, { readings: simulatedCard().readings })
    fake.loaded = true
    await preload()
    expect(footprints).toEqual([])
  })

  it("that it is out of memory is told to the ledger, and rests", async () => {
    const { failing, ledger, actor } = await ollamaRig({
      load: (response) =>
        response.writeHead(500).end(JSON.stringify({ error: "cudaMalloc failed: out of memory" })),
    })
    expect(await failing()).toMatchObject({ reason: "does-not-fit" })
    expect(ledger).toMatchObject({ outOfMemory: 1, open: 0, loaded: [] })
    expect(actor.state()).toBe("failed")
  })
})

/** A model that fits on the GPU with so many tokens of context, and is torn in two with more. */
const fitting = (tokens: number, more: Partial<OllamaActorOptions>) => {
  const made = ollamaRig(
    {
      load: async (response, body) => {
        const { fake } = await made
        const fits = JSON.parse(body).options.num_ctx <= tokens
        Object.assign(fake, { loaded: true, resident: fits ? WHOLE : { size: 5 * GIB, size_vram: 4 * GIB } })
        response.end(lastPart("load"))
      },
    },
    { expectsGpu: true, ...more },
  )
  return made
}

describe("a model of which a part is on the processor", () => {
  const contexts = (chats: readonly string[]) =>
    chats.filter((body) => purposeOf(body) === "load").map((body) => JSON.parse(body).options.num_ctx)

  it("is tried with half the context, and keeps it when it fits: the chat sends the same", async () => {
    const { chat, fake, actor, notices, ledger } = await fitting(2_048, {})
    expect((await chat()).text).toBe("Hello.")
    expect(contexts(fake.chats)).toEqual([4_096, 2_048])
    expect(JSON.parse(fake.chats.at(-1) ?? "").options.num_ctx).toBe(2_048)
    expect(actor.contextTokens).toBe(2_048)
    expect(notices).toEqual([expect.stringContaining("only with 2048 tokens of context instead of 4096")])
    expect(ledger.loadedAs).toEqual({
      measuredMib: 5 * 1024,
      footprintKey: "ollama/m?num_ctx=2048",
      partial: false,
    })
  })

  it("is taken as it is when even the least context does not fit, and that is said", async () => {
    const { preload, fake, actor, notices, ledger } = await fitting(0, {})
    await preload()
    expect(contexts(fake.chats)).toEqual([4_096, 2_048, 1_024])
    expect(actor.state()).toBe("ready")
    expect(notices).toEqual([expect.stringContaining("20 % of it is on the processor, so answers are slow")])
    expect(ledger.loadedAs).toEqual({
      measuredMib: 4 * 1024,
      footprintKey: "ollama/m?num_ctx=1024",
      partial: true,
    })
  })

  it("is taken at once where that is configured", async () => {
    const { preload, fake, notices } = await fitting(0, { partialOffload: "accept" })
    await preload()
    expect(contexts(fake.chats)).toEqual([4_096])
    expect(notices).toHaveLength(1)
  })

  it("is refused and unloaded where that is configured, and the ledger learns why", async () => {
    const { failing, fake, purposes, ledger } = await fitting(0, { partialOffload: "refuse" })
    expect(await failing()).toMatchObject({
      reason: "does-not-fit",
      message: expect.stringContaining('set llm.partial_offload = "accept"'),
    })
    expect(purposes()).toEqual(["load", "unload"])
    expect(fake.loaded).toBe(false)
    expect(ledger).toMatchObject({ open: 0, outOfMemory: 1 })
  })

  it("is whole where there is no GPU", async () => {
    const { preload, fake, notices, actor } = await ollamaRig({}, { partialOffload: "refuse", ledger: "cpu" })
    fake.resident = { size: 5 * GIB, size_vram: 0 }
    await preload()
    expect({ notices, state: actor.state() }).toEqual({ notices: [], state: "ready" })
  })

  it("is torn where all of it is on the processor although a GPU can be read; less context is no cure", async () => {
    const { preload, fake, notices } = await ollamaRig({}, { readings: simulatedCard().readings })
    fake.resident = { size: 5 * GIB, size_vram: 0 }
    await preload()
    expect(contexts(fake.chats)).toEqual([4_096])
    expect(notices).toEqual([expect.stringContaining("100 % of it is on the processor")])
  })
})
