import { expect, it, onTestFinished } from "vitest"
import { FakeLanguageModel } from "../support/fake-language-model.ts"
import { describeWith } from "../support/require-component.ts"
import { SimulatedGpu } from "../support/simulated-gpu.ts"
import { simulatedReadings } from "../support/simulated-readings.ts"
import { silence, spoken } from "../support/speech-samples.ts"
import { VoiceRig, type VoiceRigOptions } from "../support/voice-rig.ts"

/** Who is in memory while real turns are spoken: real hosts and models; where there is a GPU, it is SIMULATED. */

/** The shortest that a conversation can be set to last, 6 s. */
const SHORT_CONVERSATION = { "conversation.idle_minutes": "0.1" }

const open = async (options: Partial<VoiceRigOptions>) => {
  const model = new FakeLanguageModel()
  const rig = await VoiceRig.open({ pace: "realtime", languageModel: model.choice, ...options })
  onTestFinished(async () => {
    await rig.close()
  })
  const rows = () =>
    Object.fromEntries(
      (rig.system.residency()?.rows ?? []).map(({ model: id, placement, state }) => [
        id,
        `${state} ${placement}`,
      ]),
    )
  const speak = () => rig.turn(spoken("question"), silence(1.5))
  return { rig, rows, speak }
}

describeWith("models", "memory in use", () => {
  it("unloads what is idle after the conversation; the next turn loads it during the user's own speech", async () => {
    const { rig, rows, speak } = await open({
      settings: SHORT_CONVERSATION,
      ledger: { unloadAfterMs: { stt: 300, tts: 300 }, keepMib: 0 },
    })
    const spokenModels = () => Object.keys(rows()).filter((id) => /^(stt|tts)-/.test(id))
    expect(await speak()).toMatchObject({ outcome: "answered", reply: "Very well." })
    expect(spokenModels()).toHaveLength(2)
    await rig.until("both are unloaded", () => spokenModels().length === 0, 12_000)
    expect(rows()).toMatchObject({ listener: "loaded cpu" })

    const turn = await speak()
    expect(turn).toMatchObject({ outcome: "answered", reply: "Very well.", heard: "Very well." })
    expect(turn.transcript).toMatch(/capital of france/i)
    // Loaded from the wake word on: most of it is over before the user is.
    expect(turn.latency.loadHiddenMs).toBeGreaterThan(50)
    expect(turn.latency.loadFeltMs).toBeGreaterThanOrEqual(0)
    expect(spokenModels()).toHaveLength(2)
  })

  it("gives way to a game on the (simulated) GPU, answers all the same, and comes back after it", async () => {
    const gpu = new SimulatedGpu({ totalMib: 8192, systemMib: 660, now: () => performance.now() })
    const { rig, rows, speak } = await open({
      settings: { ...SHORT_CONVERSATION, "memory.profile": "prototype" },
      memory: { readings: simulatedReadings(gpu), footprints: undefined },
      ledger: { upgradeMs: 300 },
    })
    const speech = () => Object.entries(rows()).filter(([id]) => /^(stt|tts)-/.test(id))
    const are = (state: string) => speech().length === 2 && speech().every(([, row]) => row === state)
    expect(are("loaded gpu"), JSON.stringify(rows())).toBe(true)

    // No engine here finds a GPU, and whoever asked for one is told, once for each model.
    const told = () => rig.notices.filter((notice) => /not on the GPU/.test(notice))
    expect(told()).toHaveLength(new Set(told()).size)
    expect(told().length).toBeGreaterThan(0)
    const before = told().length

    gpu.allocate("game", 7400)
    await rig.until("both have gone", () => speech().length === 0, 5000)
    expect(rig.system.residency()?.pools.gpu).toMatchObject({ committedMib: 0, overcommitted: false })
    expect(await speak()).toMatchObject({ outcome: "answered", heard: "Very well." })
    expect(are("loaded cpu"), JSON.stringify(rows())).toBe(true)

    gpu.exit("game")
    await rig.until("they make room for their better selves", () => speech().length === 0, 15_000)
    expect(await speak()).toMatchObject({ outcome: "answered", heard: "Very well." })
    expect(are("loaded gpu"), JSON.stringify(rows())).toBe(true)
    expect(told()).toHaveLength(before)
  })
})
