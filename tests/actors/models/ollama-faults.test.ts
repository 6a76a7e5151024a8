import { describe, expect, it } from "vitest"
import { type Answer, lastPart, livelyAnswer, part } from "../../support/fake-ollama.ts"
import { ollamaRig, WHOLE } from "../../support/ollama-rig.ts"
import { eventually } from "../../support/processes.ts"

const busyServer: Answer = (response) =>
  response
    .writeHead(503, { "content-type": "application/json" })
    .end(JSON.stringify({ error: "server busy, please try again.  maximum pending requests exceeded" }))

describe("an Ollama that goes its own way", () => {
  it("and has unloaded the model is noticed, and the next chat loads it with a new lease", async () => {
    const { preload, actor, fake, chat, ledger, purposes } = await ollamaRig()
    await preload()
    fake.loaded = false
    await eventually("it is noticed", () => actor.state() === "unloaded")
    expect(ledger.open).toBe(0)
    expect((await chat()).text).toBe("Hello.")
    expect(ledger.open).toBe(1)
    expect(purposes()).toEqual(["load", "load", "chat"])
  })

  it("and has loaded it another way for another client is noticed, and that one is left alone", async () => {
    const { preload, actor, fake, purposes, ledger } = await ollamaRig()
    fake.resident = { ...WHOLE, context_length: 4_096 }
    await preload()
    fake.resident = { ...WHOLE, context_length: 32_768 }
    await eventually("it is noticed", () => actor.state() === "unloaded")
    expect(purposes()).toEqual(["load"])
    expect({ leases: ledger.open, loaded: fake.loaded }).toEqual({ leases: 0, loaded: true })
  })

  it("and has died is noticed and said, and the next chat loads once it is back", async () => {
    const { preload, actor, fake, chat, reports, ledger } = await ollamaRig()
    await preload()
    await fake.crash()
    await eventually("it is noticed", () => actor.state() === "failed")
    expect(reports.at(-1)).toMatchObject({
      state: "failed",
      failure: { reason: "unavailable", message: expect.stringContaining("ollama serve") },
    })
    expect(ledger.open).toBe(0)
    await fake.restart()
    expect((await chat()).text).toBe("Hello.")
    expect(actor.state()).toBe("ready")
  })

  it("and hangs is noticed", async () => {
    const { preload, actor, fake, reports } = await ollamaRig()
    await preload()
    fake.silent = true
    await eventually("it is noticed", () => actor.state() === "failed")
    expect(reports.find(({ state }) => state === "unloading")?.failure?.reason).toBe("unavailable")
  })

  it("is not looked at while it answers", async () => {
    let finish = (): void => undefined
    const { preload, chat, fake } = await ollamaRig({
      chat: (response) => {
        finish = () => response.end(part("Hello.") + lastPart())
      },
    })
    await preload()
    const reply = chat()
    await eventually("the question came", () => fake.chats.length === 2)
    await new Promise((resolve) => setTimeout(resolve, 30))
    const looks = () => fake.requests.filter((line) => line === "GET /api/ps").length
    const before = looks()
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(looks()).toBe(before)
    finish()
    await reply
    await eventually("it is looked at again", () => looks() > before)
  })

  it("and is away for longer than that chat waits ends it with a failure that says what to do", async () => {
    const { preload, chat, fake } = await ollamaRig({ chat: () => void fake.crash() })
    await preload()
    expect(await chat()).toMatchObject({
      text: "",
      failure: { reason: "unavailable", message: expect.stringContaining("ollama serve") },
    })
  })

  it("and restarts is waited for by those who prepare a chat", async () => {
    const { preload, fake, actor } = await ollamaRig()
    await preload()
    await fake.crash()
    await eventually("it is noticed", () => actor.state() === "failed")
    setTimeout(() => fake.restart(), 100)
    await preload()
    expect(actor.state()).toBe("ready")
  })

  it("and restarts before the first word is survived by the same chat", async () => {
    let crashes = 1
    const made = await ollamaRig({
      chat: async (response) => {
        if (crashes-- > 0) {
          await made.fake.crash()
          setTimeout(() => made.fake.restart(), 200)
          return
        }
        response.end(part("Hello again.") + lastPart())
      },
    })
    await made.preload()
    expect(await made.chat()).toEqual({ text: "Hello again.", failure: undefined })
    expect(made.purposes()).toEqual(["load", "chat", "load", "chat"])
    expect(made.ledger.open).toBe(1)
  })

  it("and restarts in the middle of a reply ends it with a failure, and says nothing twice", async () => {
    const { preload, chat, fake, purposes } = await ollamaRig({
      chat: (response) => {
        response.write(part("Once upon"))
        setTimeout(async () => {
          await fake.crash()
          await fake.restart()
        }, 250)
      },
    })
    await preload()
    expect(await chat()).toMatchObject({
      text: "Once upon",
      failure: { _tag: "ModelFailure", reason: "died" },
    })
    expect(purposes()).toEqual(["load", "chat"])
  })

  it("and loses its runner before the first word is asked once more, and no more than that", async () => {
    const { preload, chat, purposes } = await ollamaRig({
      chat: (response) =>
        response.writeHead(500).end(JSON.stringify({ error: "llama runner process has terminated" })),
    })
    await preload()
    expect(await chat()).toMatchObject({ failure: { reason: "died" } })
    expect(purposes()).toEqual(["load", "chat", "chat"])
  })
})

describe("an Ollama whose queue is full", () => {
  it("is asked again, to load and to chat", async () => {
    const left = { load: 1, chat: 1 }
    const once =
      (purpose: "load" | "chat"): Answer =>
      (response, body) =>
        left[purpose]-- > 0 ? busyServer(response, body) : livelyAnswer(() => made.fake)(response, body)
    const made = await ollamaRig({ load: once("load"), chat: once("chat") })
    expect(await made.chat()).toEqual({ text: "Hello.", failure: undefined })
    expect(made.purposes()).toEqual(["load", "load", "chat", "chat"])
    expect(made.states()).toEqual(["admitting", "loading", "ready"])
  })

  it("is not asked for ever", async () => {
    const { preload, chat, purposes } = await ollamaRig({ chat: busyServer })
    await preload()
    const { failure } = await chat()
    expect(failure).toMatchObject({
      reason: "unavailable",
      message: expect.stringContaining("too much to do"),
    })
    expect(purposes().filter((purpose) => purpose === "chat")).toHaveLength(5)
  })
})
