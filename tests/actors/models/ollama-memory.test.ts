import { describe, expect, it } from "vitest"
import type { OllamaActorOptions } from "../../../src/actors/models/ollama-actor.ts"
import { lastPart, part } from "../../support/fake-ollama.ts"
import { ollamaRig, simulatedCard } from "../../support/ollama-rig.ts"
import { eventually } from "../../support/processes.ts"

describe("the memory of an unloaded model", () => {
  /** The model is unlisted at once, and the card has the memory back after `ms`. */
  const slowRelease = async (ms: number, more: Partial<OllamaActorOptions> = {}) => {
    const { card, readings } = simulatedCard()
    const made = await ollamaRig(
      {
        load: (response) => {
          card.usedMib = 6_000
          made.fake.loaded = true
          response.end(lastPart("load"))
        },
        unload: (response) => {
          made.fake.loaded = false
          response.end(lastPart("unload"))
          setTimeout(() => {
            card.usedMib = 700
          }, ms)
        },
      },
      { readings, ...more },
    )
    return { ...made, card }
  }

  it("is waited for after Ollama has answered and forgotten the model", async () => {
    const { preload, unload, card, ledger } = await slowRelease(150)
    await preload()
    await unload()
    expect(card.usedMib).toBe(700)
    expect(ledger.open).toBe(0)
  })

  it("that is late is reported, and its lease goes on until it is back", async () => {
    const { preload, unload, card, ledger, reports, evict } = await slowRelease(500)
    await preload()
    await unload()
    expect(reports.at(-1)).toMatchObject({
      state: "failed",
      failure: { reason: "deadline", message: expect.stringContaining("memory is not back") },
    })
    expect({ used: card.usedMib, leases: ledger.open }).toEqual({ used: 6_000, leases: 1 })
    await evict(false)
    expect({ used: card.usedMib, leases: ledger.open }).toEqual({ used: 700, leases: 0 })
  })

  it("that is late is no hindrance to loading again: the new lease takes the place of the old", async () => {
    const { preload, unload, ledger, actor } = await slowRelease(60_000)
    await preload()
    await unload()
    await new Promise((resolve) => setTimeout(resolve, 150))
    await preload()
    expect(actor.state()).toBe("ready")
    expect(ledger.open).toBe(1)
  })

  it("that a killed server leaves to its runner is seen by the readings, and not taken for free", async () => {
    const { preload, fake, card, ledger, actor, reports } = await slowRelease(60_000)
    await preload()
    await fake.crash()
    await eventually("it is noticed", () => actor.state() === "failed")
    expect(reports.at(-1)?.failure?.message).toContain('end what is left of "ollama runner"')
    expect(ledger.open).toBe(1)
    card.usedMib = 700
    await eventually("the memory is back", () => ledger.open === 0)
  })

  it("is not back while the model stays listed, whatever the answer", async () => {
    const { preload, unload, ledger, reports, fake, evict } = await ollamaRig({
      unload: (response) => response.end(lastPart("unload")),
    })
    await preload()
    await unload()
    expect(reports.at(-1)?.failure?.message).toContain("memory is not back")
    expect(ledger.open).toBe(1)
    fake.loaded = false
    await evict(false)
    expect(ledger.open).toBe(0)
  })
})

describe("the eviction of a model", () => {
  /** A reply of which the first word is written, and the rest when told. */
  const writing = async () => {
    let finish = (): void => undefined
    const made = await ollamaRig({
      chat: (response) => {
        response.write(part("One"))
        finish = () => response.end(part(" two.") + lastPart())
      },
    })
    const reply = made.chat()
    await eventually("it writes", () => made.actor.state() === "busy")
    await eventually("the question came", () => made.purposes().at(-1) === "chat")
    return { ...made, reply, finish: () => finish() }
  }

  it("waits for the reply under way, although the model is wanted meanwhile", async () => {
    const { evict, finish, reply, preload, purposes, ledger } = await writing()
    let evicted = false
    const evicting = evict(false).then(() => {
      evicted = true
    })
    await preload()
    expect({ evicted, purposes: purposes() }).toEqual({ evicted: false, purposes: ["load", "chat"] })
    finish()
    expect(await reply).toEqual({ text: "One two.", failure: undefined })
    await evicting
    expect(purposes()).toEqual(["load", "chat", "unload"])
    expect(ledger.open).toBe(0)
  })

  it("by force ends the reply under way with a failure that says why", async () => {
    const { evict, reply, purposes, fake } = await writing()
    await evict(true)
    expect(await reply).toMatchObject({
      failure: { reason: "refused", message: expect.stringContaining("memory") },
    })
    expect(purposes()).toEqual(["load", "chat", "unload"])
    await eventually("the request is let go", () => fake.dropped())
  })

  it("ends even if the model is wanted again while it leaves", async () => {
    const { preload, evict, chat, fake, purposes } = await ollamaRig({
      unload: (response) => {
        response.end(lastPart("unload"))
        setTimeout(() => {
          fake.loaded = false
        }, 200)
      },
    })
    await preload()
    const evicting = evict(false)
    expect((await chat()).text).toBe("Hello.")
    await evicting
    expect(purposes()).toEqual(["load", "unload", "load", "chat"])
  })
})
