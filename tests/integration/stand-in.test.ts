import { expect, it, onTestFinished } from "vitest"
import { fakeOllama, livelyAnswer } from "../support/fake-ollama.ts"
import { describeWith } from "../support/require-component.ts"
import { SimulatedGpu } from "../support/simulated-gpu.ts"
import { simulatedReadings } from "../support/simulated-readings.ts"
import { VoiceRig } from "../support/voice-rig.ts"

const MIB = 2 ** 20
const REASON = "Other programs use the graphics memory that I need for the language model."
const NOTICE = `${REASON} Until it is free, my small built-in model answers.`

describeWith("models", "a game that takes the graphics memory", () => {
  it("leaves the embedded model to answer, for real, and the configured one when it is over", async () => {
    const fake = await fakeOllama([
      { name: "big:latest", size: 5000 * MIB, capabilities: ["completion", "tools"] },
    ])
    Object.assign(fake, {
      loaded: false,
      resident: { size: 5000 * MIB, size_vram: 5000 * MIB, context_length: 2048 },
      answer: livelyAnswer(() => fake),
    })
    const gpu = new SimulatedGpu({ totalMib: 8192, systemMib: 660, now: () => performance.now() })
    const game = gpu.allocate("game", 4000)
    const rig = await VoiceRig.open({
      pace: "realtime",
      settings: {
        "llm.ollama_url": fake.url.href,
        "llm.ollama_model": "big",
        "llm.max_reply_tokens": "32",
        "memory.profile": "lean",
      },
      memory: {
        readings: simulatedReadings(gpu),
        footprints: { samplesMib: {}, keep: () => undefined },
      },
    })
    onTestFinished(async () => {
      await rig.close()
    })
    let turns = 0
    const ask = async () => {
      const ended = rig.nextTurn(60_000)
      const typed = { mode: "ask", text: "What colour is the sky?", onText: () => {} } as const
      expect(rig.system.conversation.type(`turn-${turns++}`, typed)).toBe(true)
      const turn = await ended
      await rig.resting()
      return turn
    }
    const first = await ask()
    expect(first).toMatchObject({ outcome: "answered", route: "llm" })
    expect(first.reply).toMatch(/\w+.* Other programs use the graphics memory/)
    expect(first.reply).toContain("my small built-in model answers")
    expect(rig.notices.filter((notice) => notice === NOTICE)).toEqual([NOTICE])
    expect(rig.system.conversation.degraded()).toEqual([])
    const second = await ask()
    expect(second).toMatchObject({ outcome: "answered", route: "llm" })
    expect(second.reply).not.toContain("Other programs")
    expect(fake.chats).toEqual([])

    if (game.ok) gpu.release(game.id)
    await expect.poll(async () => (await ask()).reply, { timeout: 20_000 }).toBe("Hello.")
  })
})
