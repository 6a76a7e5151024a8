import { afterAll, afterEach, beforeAll, expect, it } from "vitest"
import { FakeLanguageModel, says } from "../support/fake-language-model.ts"
import { describeWith } from "../support/require-component.ts"
import { cough, joined, music, pinkNoise, silence, spoken, whiteNoise } from "../support/speech-samples.ts"
import { VoiceRig } from "../support/voice-rig.ts"

/**
 * The voice loop on real models, on the simulated audio clock: what is heard, understood, answered and remembered. The
 * language model alone is a fake, so that the test knows what it writes.
 */
describeWith("models", "the voice loop", () => {
  const model = new FakeLanguageModel()
  let rig: VoiceRig

  beforeAll(async () => {
    rig = await VoiceRig.open({ pace: "clock", languageModel: model.choice })
  })
  afterAll(() => rig?.close())
  afterEach(async () => {
    model.reply = () => says("Very well.")
    expect(rig.ended).toBeUndefined()
    // A new conversation for each test, and a room that has been quiet.
    await rig.say(silence(2))
  })

  it("hears the wake word in its first second, and answers a fixed phrase without the language model", async () => {
    const from = rig.states.length
    const turn = await rig.turn(spoken("time"))
    expect(turn).toMatchObject({
      source: "voice",
      outcome: "answered",
      route: "phrase",
      revision: 0,
      interrupted: false,
    })
    expect(turn.transcript.toLowerCase()).toMatch(/what time is it/)
    expect(turn.reply).toMatch(/^It's /)
    expect(turn.heard).toBe(turn.reply)
    expect(turn.wake?.score).toBeGreaterThan(0.5)
    expect(turn.speech?.startMs).toBe(0)
    expect(rig.names(from)).toEqual(["waking", "transcribing", "speaking", "listening"])
    expect(model.requests).toEqual([])
  })

  it("answers a free question by the language model, clause by clause", async () => {
    model.reply = () => says("The capital of France is Paris. It lies on the river Seine, in the north.")
    const turn = await rig.turn(spoken("question"))
    expect(turn).toMatchObject({ outcome: "answered", route: "llm" })
    expect(turn.transcript).toMatch(/what is the capital of france/i)
    expect(model.lastPrompt.split("\n").at(-1)).toMatch(/^user: what is the capital of france\?$/i)
    expect(turn.heard).toBe("The capital of France is Paris. It lies on the river Seine, in the north.")
    expect(turn.latency.endpointMs).toBeGreaterThanOrEqual(600)
    expect(turn.latency.endpointMs).toBeLessThan(700)
  })

  it("remembers what was said and heard", async () => {
    model.reply = () => says("Once there was a sea.")
    await rig.turn(spoken("story"))
    await rig.say(silence(1))
    await rig.turn(spoken("question"))
    expect(model.lastPrompt).toMatch(
      /user: .*story about the sea.*\nassistant: Once there was a sea\.\nuser: /i,
    )
  })

  it("keeps the first word of a command in the same breath as the wake word", async () => {
    const words = spoken("capabilities")
    const turn = await rig.turn(words)
    expect(turn.transcript).toMatch(/what can you do/i)
    expect(turn.route).toBe("phrase")
  })

  it("opens no turn for speech without the wake word, silence, noise, a cough or music", async () => {
    const before = rig.states.length
    for (const sound of [
      spoken("noWakeWord"),
      silence(3),
      whiteNoise(3, 3000),
      pinkNoise(3, 6000),
      cough(),
      music(4),
      joined(spoken("bargeIn"), cough()),
    ])
      await rig.say(sound, silence(1.5))
    expect(rig.states.slice(before)).toEqual([])
  })

  it("answers nothing when only noise follows the wake word", async () => {
    const wakeWord = spoken("question").subarray(0, 16_000)
    const turn = await rig.turn(wakeWord, silence(1), cough(), silence(1), whiteNoise(1, 2000))
    expect(turn).toMatchObject({ reply: "", heard: "", route: "none" })
    expect(["no-speech", "nothing-heard"]).toContain(turn.outcome)
  })

  it("takes no more than 30 seconds of uninterrupted speech", async () => {
    const line = spoken("noWakeWord")
    const talk = joined(...Array.from({ length: 26 }, () => line.subarray(1600, line.length - 4000)))
    expect(talk.length / 16_000).toBeGreaterThan(34)
    const before = rig.states.length
    const turn = await rig.turn(spoken("time").subarray(0, 16_000), talk)
    const entered = rig.states.slice(before).filter(({ value }) => value !== "waking")
    const transcribing = entered.find(({ value }) => value === "transcribing")?.atMs ?? 0
    const left = entered.find(({ value }) => value === "thinking")?.atMs ?? 0
    expect(left - transcribing).toBeGreaterThan(28_000)
    expect(left - transcribing).toBeLessThanOrEqual(30_000)
    expect(turn.outcome).not.toBe("failed")
  })
})
