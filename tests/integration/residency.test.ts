import { fileURLToPath } from "node:url"
import { expect, it, onTestFinished } from "vitest"
import { describeCudaProvider, isProviderInstalled } from "../../src/models/gpu/cuda-provider.ts"
import { FakeLanguageModel } from "../support/fake-language-model.ts"
import { describeWith } from "../support/require-component.ts"
import { SimulatedGpu } from "../support/simulated-gpu.ts"
import { simulatedReadings } from "../support/simulated-readings.ts"
import { silence, spoken } from "../support/speech-samples.ts"
import { VoiceRig, type VoiceRigOptions } from "../support/voice-rig.ts"

/** Who is in memory while real turns are spoken: real hosts and models; where there is a GPU, it is SIMULATED. */

const PRETENDING_HOST = fileURLToPath(new URL("../fixtures/pretending-host.mjs", import.meta.url))

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
      hosts: { entry: PRETENDING_HOST },
    })
    const speech = () => Object.entries(rows()).filter(([id]) => /^(stt|tts)-/.test(id))
    const are = (state: string) => speech().length === 2 && speech().every(([, row]) => row === state)
    expect(are("loaded gpu"), JSON.stringify(rows())).toBe(true)

    gpu.allocate("game", 7400)
    await rig.until("both have gone", () => speech().length === 0, 5000)
    expect(rig.system.residency()?.pools.gpu).toMatchObject({ committedMib: 0, overcommitted: false })
    expect(await speak()).toMatchObject({ outcome: "answered", heard: "Very well." })
    expect(are("loaded cpu"), JSON.stringify(rows())).toBe(true)

    gpu.exit("game")
    await rig.until("they make room for their better selves", () => speech().length === 0, 15_000)
    expect(await speak()).toMatchObject({ outcome: "answered", heard: "Very well." })
    expect(are("loaded gpu"), JSON.stringify(rows())).toBe(true)
    expect(rig.notices.filter((notice) => /not on the GPU/.test(notice))).toEqual([])
  })

  // Without the CUDA libraries the fallback is real.
  it.skipIf(isProviderInstalled(describeCudaProvider()))(
    "counts models where they fell back to, tells it once for each, and asks for the GPU no more",
    async () => {
      const gpu = new SimulatedGpu({ totalMib: 8192, systemMib: 660, now: () => performance.now() })
      const { rig, rows, speak } = await open({
        settings: { ...SHORT_CONVERSATION, "memory.profile": "prototype" },
        memory: { readings: simulatedReadings(gpu), footprints: undefined },
        ledger: { upgradeMs: 300, unloadAfterMs: { stt: 5000, tts: 5000 }, keepMib: 0 },
      })
      const speech = () => Object.entries(rows()).filter(([id]) => /^(stt|tts)-/.test(id))
      const areOnCpu = () => speech().length === 2 && speech().every(([, row]) => row === "loaded cpu")
      const told = () => rig.notices.filter((notice) => /not on the GPU/.test(notice))
      expect(areOnCpu(), JSON.stringify(rows())).toBe(true)
      expect(rig.system.residency()?.pools.gpu).toMatchObject({ committedMib: 0, overcommitted: false })
      expect(told()).toHaveLength(2)

      await rig.until("both are unloaded", () => speech().length === 0, 12_000)
      expect(await speak()).toMatchObject({ outcome: "answered", heard: "Very well." })
      expect(areOnCpu(), JSON.stringify(rows())).toBe(true)
      expect(told()).toHaveLength(2)
    },
  )
})
