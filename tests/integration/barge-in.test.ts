import { afterAll, beforeAll, expect, it } from "vitest"
import type { TurnRecord } from "../../src/ports/turn.ts"
import { FakeLanguageModel, says } from "../support/fake-language-model.ts"
import { RecordedSide } from "../support/recording.ts"
import { describeWith } from "../support/require-component.ts"
import { cough, silence, spoken, voicedCough } from "../support/speech-samples.ts"
import { VoiceRig } from "../support/voice-rig.ts"

const STORY =
  "Once upon a time there was a small boat, and it lay in the harbour. " +
  "Every morning the fisherman came down to the water and looked at the sky. " +
  "Then one day the wind turned, and the boat went out to sea by itself. " +
  "Nobody in the village ever saw it again, though many people looked for it."

/** Interrupting Jett, at real speed, because it is about when something is heard. */
describeWith("models", "barge-in", () => {
  const model = new FakeLanguageModel(() => says(STORY))
  let rig: VoiceRig
  /** Moments at which Jett must have fallen silent: from the detection of the user's voice. */
  const silenced: { readonly detectedMs: number; readonly untilMs: number }[] = []

  beforeAll(async () => {
    rig = await VoiceRig.open({ pace: "realtime", languageModel: model.choice })
  })
  afterAll(() => rig?.close())

  /** Asks for the story and waits until some seconds of it were heard. */
  const tellStory = async (heardMs = 2500): Promise<void> => {
    await rig.say(spoken("story"))
    await rig.until("Jett speaks", () => rig.state() === "speaking.playing")
    await rig.say(silence(heardMs / 1000))
  }

  /** Notes from when to when there has to be silence after the yielding that came last. */
  const noteSilence = (untilMs = rig.clock.now()): void => {
    const index = rig.states.findLastIndex(({ detail }) => detail.startsWith("yielding"))
    const first = rig.states.slice(0, index + 1).findLastIndex(({ detail }) => !detail.startsWith("yielding"))
    const detectedMs = rig.states[first + 1]?.atMs
    if (index < 0 || detectedMs === undefined) throw new Error(`Jett did not yield; ${rig.describe()}`)
    silenced.push({ detectedMs, untilMs })
  }

  it("falls silent, remembers what was heard, and answers the interruption", async () => {
    await tellStory()
    const interrupted = rig.nextTurn()
    await rig.say(spoken("bargeIn"))
    const story = await interrupted
    noteSilence()
    expect(story).toMatchObject({ outcome: "interrupted", interrupted: true })
    // On a slow machine the last clause may not have been made yet.
    expect(STORY.startsWith(story.reply)).toBe(true)
    expect(story.reply.startsWith(story.heard)).toBe(true)
    expect(story.heard.length).toBeLessThan(story.reply.length)
    expect(story.heard).toMatch(/^Once upon a time/)
    const answer = await rig.nextTurn()
    expect(answer).toMatchObject({ outcome: "answered", route: "phrase", wake: undefined })
    expect(answer.transcript).toMatch(/what day is it to-?day/i)
    expect(answer.heard).toMatch(/^It's \w+day/)
    await rig.resting()
    model.reply = () => says("Paris.")
    await rig.turn(spoken("question"))
    expect(model.lastPrompt).toContain(`assistant: ${story.heard}\n`)
    expect(model.lastPrompt).not.toContain("Nobody in the village")
    model.reply = () => says(STORY)
  })

  it.each([150, 260])("pauses for a cough of %i ms, and goes on so that all is heard", async (ms) => {
    const reply = "The sea is large and blue, and full of salt. Ships cross it every day."
    model.reply = () => says(reply)
    await tellStory(1200)
    const ended = rig.nextTurn()
    const from = rig.states.length
    await rig.say(voicedCough(ms))
    const turn = await ended
    noteSilence(rig.states.findLast(({ detail }) => detail === "playing")?.atMs)
    const [yielded, ...after] = rig.states.slice(from)
    const resumed = after.find(({ detail }) => detail === "playing")
    expect(yielded?.detail).toBe("yielding.hearing")
    // At 1,500 ms it goes on even where nobody knows yet what the sound was; a real timer is never early.
    expect((resumed?.atMs ?? Number.POSITIVE_INFINITY) - (yielded?.atMs ?? 0)).toBeLessThanOrEqual(1800)
    expect(turn).toMatchObject({ outcome: "answered", interrupted: false, reply, heard: reply })
    await rig.resting()
    model.reply = () => says(STORY)
  })

  it("does not even pause for a cough without voice", async () => {
    await tellStory(1000)
    const from = rig.states.length
    await rig.say(cough(), silence(0.5))
    expect(rig.states.slice(from)).toEqual([])
    const ended = rig.nextTurn()
    rig.system.conversation.send({ type: "user.cancel" })
    expect(await ended).toMatchObject({ outcome: "cancelled", interrupted: false })
    expect(rig.state()).toBe("listening")
  })

  it("is interrupted by nothing but the wake word where the echo is not cancelled", async () => {
    rig.system.conversation.send({ type: "echo.changed", cancelled: false })
    await tellStory(1000)
    const before = rig.states.length
    await rig.say(spoken("bargeIn"), silence(0.5))
    expect(rig.states.slice(before)).toEqual([])
    const turns: Promise<TurnRecord> = rig.nextTurn()
    await rig.say(spoken("time"))
    expect(await turns).toMatchObject({ outcome: "interrupted" })
    const answer = await rig.nextTurn()
    expect(answer).toMatchObject({ outcome: "answered", route: "phrase" })
    expect(answer.transcript).toMatch(/what time is it/i)
    rig.system.conversation.send({ type: "echo.changed", cancelled: true })
    await rig.resting()
  })

  it("was silent within 150 ms of every detection", async () => {
    expect(silenced).not.toEqual([])
    const late = await rig.close(async (recording) => {
      const jett = RecordedSide.read(recording, "jett")
      return silenced.map(({ detectedMs, untilMs }) => ({
        wasSpeaking: jett.lastLoudMs(detectedMs - 500, detectedMs) !== undefined,
        silentAfterMs: (jett.lastLoudMs(detectedMs, untilMs) ?? detectedMs) - detectedMs,
      }))
    })
    for (const { wasSpeaking, silentAfterMs } of late ?? []) {
      expect(wasSpeaking).toBe(true)
      expect(silentAfterMs).toBeLessThanOrEqual(150)
    }
  })
})
