import { describe, expect, it } from "vitest"
import { conversationRig, paused, resumed, started, wake } from "../../support/conversation-rig.ts"
import {
  afterSpeech,
  clause,
  drained,
  understood,
  whileSpeaking,
  written,
} from "../../support/spoken-turn.ts"

describe("the conversation machine", () => {
  it("acknowledges the wake word to a user who waits, not in the middle of a command", () => {
    const inOneBreath = conversationRig()
    inOneBreath.send(wake(1000, "a", true))
    inOneBreath.clock.increment(350)
    inOneBreath.send(paused(2400), understood("a", 0, "words", 2500))
    expect(inOneBreath.told("acknowledge")).toEqual([])

    const waiting = conversationRig()
    waiting.send(wake(1000, "b", true), paused(1100), understood("b", 0, "wake-only", 1250))
    expect(waiting.told("acknowledge")).toEqual([{ type: "acknowledge", turnId: "b" }])
  })

  it("captures from before the first voiced frame, and never from the middle of the wake phrase", () => {
    const rig = conversationRig({ settings: { preRollMs: 320 } })
    rig.send(wake(5000, "a"), started(5600), paused(6400))
    expect(rig.answering[0]).toMatchObject({ fromMs: 5280, toMs: 6400 })
    const soonAfter = conversationRig({ settings: { preRollMs: 320 } })
    soonAfter.send(wake(5000, "a"), started(5300), paused(6400))
    expect(soonAfter.answering[0]).toMatchObject({ fromMs: 3700, toMs: 6400 })
  })

  it("captures a command in the same breath from before the wake word", () => {
    const rig = conversationRig()
    rig.send(wake(5000, "a", true))
    rig.clock.increment(350)
    expect(rig.state()).toBe("transcribing.capturing")
    rig.send(paused(6400))
    expect(rig.answering[0]).toMatchObject({ fromMs: 3700, toMs: 6400 })
  })

  it("waits for the command when only the wake word was said, and starts its sound after it", () => {
    const rig = conversationRig()
    rig.send(wake(5000, "a", true), paused(5100), understood("a", 0, "wake-only", 5250))
    expect(rig.state()).toBe("waking.waiting")
    rig.send(started(5300), paused(6000))
    expect(rig.answering[1]).toMatchObject({ revision: 1, fromMs: 5100, toMs: 6000 })
  })

  it("commits 600 ms after the first silent sample, not after the event that told of it", () => {
    const rig = afterSpeech()
    rig.clock.increment(535)
    expect(rig.told("turn.committed")).toEqual([])
    rig.clock.increment(1)
    expect(rig.told("turn.committed")).toEqual([{ type: "turn.committed", turnId: "a", revision: 0 }])
  })

  it("commits a complete phrase 250 ms after the first silent sample", () => {
    const rig = afterSpeech()
    rig.clock.increment(100)
    rig.send(understood("a", 0, "phrase", 2164))
    rig.clock.increment(85)
    expect(rig.told("turn.committed")).toEqual([])
    rig.clock.increment(1)
    expect(rig.told("turn.committed")).toHaveLength(1)
  })

  it("ends a turn in which nothing was said to it without a word", () => {
    const rig = afterSpeech()
    rig.send(understood("a", 0, "not-for-us", 2100))
    rig.clock.increment(600)
    expect(rig.state()).toBe("listening")
    expect(rig.outcomes()).toEqual(["nothing-heard"])
    expect(rig.told("speech.open")).toEqual([])
  })

  it("goes back to listening when nobody speaks after the wake word", () => {
    const rig = conversationRig()
    rig.send(wake(1000))
    rig.clock.increment(6000)
    expect(rig.state()).toBe("listening")
    expect(rig.outcomes()).toEqual(["no-speech"])
  })

  it("goes back to waiting after a cough, until the same deadline, and is acknowledged once", () => {
    const rig = conversationRig()
    rig.send(wake(1000, "a"), started(3000), paused(3200), understood("a", 0, "nothing", 3300))
    rig.clock.increment(536)
    expect(rig.state()).toBe("waking.waiting")
    expect(rig.told("acknowledge")).toHaveLength(1)
    // The silence was over at 3,800 ms, and the wake word was at 1,000 ms.
    rig.clock.increment(3199)
    expect(rig.state()).toBe("waking.waiting")
    rig.clock.increment(1)
    expect(rig.state()).toBe("listening")
    expect(rig.outcomes()).toEqual(["no-speech"])
  })

  it("hears the command after a cough, and nothing of the cough", () => {
    const rig = conversationRig()
    rig.send(wake(1000, "a"), started(3000), paused(3200), understood("a", 0, "nothing", 3300))
    rig.clock.increment(600)
    rig.send(started(4000), paused(5000))
    expect(rig.answering.at(-1)).toMatchObject({ turnId: "a", revision: 1, fromMs: 3680, toMs: 5000 })
    rig.send(understood("a", 1, "words", 5100), clause("a", 1))
    rig.clock.increment(600)
    expect(rig.state()).toBe("speaking.playing")
  })

  it("goes back to waiting where it learns of the cough only after the silence", () => {
    const rig = conversationRig()
    rig.send(wake(1000, "a"), started(3000), paused(3200))
    rig.clock.increment(600)
    expect(rig.state()).toBe("thinking.working")
    rig.send(understood("a", 0, "nothing", 4000))
    expect(rig.state()).toBe("waking.waiting")
    rig.clock.increment(3000)
    expect(rig.state()).toBe("listening")
  })

  it("does not wait on where the words were to somebody else, or nobody was asked for a command", () => {
    const nearMiss = conversationRig()
    nearMiss.send(wake(1000, "a", true), paused(2000), understood("a", 0, "not-for-us", 2100))
    nearMiss.clock.increment(600)
    expect(nearMiss.state()).toBe("listening")
    expect(nearMiss.outcomes()).toEqual(["nothing-heard"])

    const followUp = whileSpeaking()
    followUp.send(written("a", 0, { asksQuestion: true }), drained("a"))
    followUp.clock.increment(300)
    followUp.send(started(5400, "c"), paused(5600), understood("c", 0, "nothing", 5700))
    followUp.clock.increment(600)
    expect(followUp.state()).toBe("listening")
  })

  it("counts the longest utterance as a whole, however often it was taken for finished", () => {
    const rig = conversationRig()
    rig.send(wake(1000, "a"), started(1400))
    rig.clock.increment(20_000)
    rig.send(paused(21_400), understood("a", 0, "words", 21_500))
    rig.clock.increment(600)
    rig.send(resumed(22_000))
    expect(rig.state()).toBe("transcribing.capturing")
    // Noticed at 22,064 ms, and the sound begins at 1,080 ms.
    rig.clock.increment(31_080 - 22_064 - 1)
    expect(rig.state()).toBe("transcribing.capturing")
    rig.clock.increment(1)
    expect(rig.state()).toBe("thinking.working")
    expect(rig.answering.at(-1)).toMatchObject({ fromMs: 1080, toMs: 31_080 })
  })

  it("cuts an utterance that never ends and answers what there is", () => {
    const rig = conversationRig()
    rig.send(wake(1000, "a"), started(1400))
    rig.clock.increment(30_000)
    expect(rig.state()).toBe("thinking.working")
    expect(rig.answering[0]).toMatchObject({ fromMs: 1080, toMs: 31_080 })
  })
})
