import { expect, it, onTestFinished } from "vitest"
import { FakeLanguageModel } from "../support/fake-language-model.ts"
import { describeWith } from "../support/require-component.ts"
import { SimulatedGpu } from "../support/simulated-gpu.ts"
import { simulatedReadings } from "../support/simulated-readings.ts"
import { silence, spoken } from "../support/speech-samples.ts"
import { VoiceRig } from "../support/voice-rig.ts"

/** Real hosts and models; what the models are said to take is made up, and one of them does not fit. */
const open = async (part: "stt" | "tts") => {
  const model = new FakeLanguageModel()
  const key = { stt: "stt-moonshine-tiny-en@cpu", tts: "tts-piper-joe-medium@cpu" }[part]
  const samplesMib = { [key]: [5000, 5000, 5000] }
  const gpu = new SimulatedGpu({ totalMib: 8192, systemMib: 660, now: () => performance.now() })
  const rig = await VoiceRig.open({
    pace: "realtime",
    languageModel: model.choice,
    memory: { readings: simulatedReadings(gpu), footprints: { samplesMib, keep: () => undefined } },
    ledger: { ramMib: 1500 },
  })
  onTestFinished(async () => {
    await rig.close()
  })
  return { rig, speak: () => rig.turn(spoken("question"), silence(1.5)) }
}

const told = ({ notices }: VoiceRig) => notices.filter((notice) => /memory/.test(notice))

describeWith("models", "a model that the ledger refuses", () => {
  it("is named with the reason where it is the recogniser, aloud", async () => {
    const { rig, speak } = await open("stt")
    const reason = "There is not enough memory in this computer for speech recognition."
    expect(await speak()).toMatchObject({ outcome: "failed", reply: reason, heard: reason, transcript: "" })
    expect(rig.system.conversation.degraded()).toEqual(["stt"])
    expect(told(rig)).toEqual([reason])
  })

  it("is named with the reason where it is the voice: shown, with the answer in writing, once", async () => {
    const { rig, speak } = await open("tts")
    for (let turns = 0; turns < 2; turns++)
      expect(await speak()).toMatchObject({ outcome: "answered", reply: "Very well." })
    expect(rig.system.conversation.degraded()).toEqual(["tts"])
    expect(told(rig)).toEqual(["There is not enough memory in this computer for my voice."])
  })
})
