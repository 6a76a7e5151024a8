import { describe, expect, it } from "vitest"
import type { ConversationEvent } from "../../../src/machines/conversation/conversation-types.ts"
import { conversationRig, paused, resumed, started, wake } from "../../support/conversation-rig.ts"
import { afterSpeech, drained, understood, whileSpeaking, written } from "../../support/spoken-turn.ts"

describe("the conversation machine", () => {
  const ptt = (nowMs: number, inSpeech: boolean): ConversationEvent => ({
    type: "user.ptt",
    turnId: "p",
    inSpeech,
    nowMs,
  })

  it.each([
    { where: "listens", make: () => conversationRig() },
    {
      where: "thinks",
      make: () => {
        const rig = afterSpeech()
        rig.clock.increment(600)
        return rig
      },
    },
    { where: "speaks", make: () => whileSpeaking() },
    {
      where: "waits for an answer",
      make: () => {
        const rig = whileSpeaking()
        rig.send(written("a", 0, { asksQuestion: true }), drained("a"))
        rig.clock.increment(300)
        return rig
      },
    },
  ])("takes up speech that is under way when push-to-talk is pressed while it $where", ({ make }) => {
    const rig = make()
    rig.send(ptt(9000, true))
    expect(rig.state()).toBe("transcribing.capturing")
    rig.send(paused(9500))
    expect(rig.answering.at(-1)).toMatchObject({ turnId: "p", fromMs: 8680, toMs: 9500 })
    const silent = make()
    silent.send(ptt(9000, false))
    expect(silent.state()).toBe("waking.waiting")
  })

  it("takes a sound that it has yielded to for the command when push-to-talk is pressed, from its start", () => {
    const rig = whileSpeaking()
    rig.send(started(4000, "b"), ptt(4600, true))
    expect(rig.state()).toBe("transcribing.capturing")
    expect(rig.outcomes()).toEqual(["interrupted"])
    rig.send(paused(5000))
    expect(rig.answering.at(-1)).toMatchObject({ turnId: "b", fromMs: 3680, toMs: 5000 })

    const followUp = whileSpeaking()
    followUp.send(written("a", 0, { asksQuestion: true }), drained("a"), started(5000, "b"), ptt(5150, true))
    expect(followUp.state()).toBe("transcribing.capturing")
    followUp.send(paused(5900))
    expect(followUp.answering.at(-1)).toMatchObject({ turnId: "b", fromMs: 4680, toMs: 5900 })
  })

  it("keeps its own words out of what push-to-talk interrupts it for, where it hears itself", () => {
    const rig = whileSpeaking({ echoCancelled: false })
    rig.send(ptt(4500, true))
    expect(rig.state()).toBe("waking.overSpeech")
    rig.send(paused(4700))
    expect(rig.state()).toBe("waking.waiting")
  })

  it("pauses for a sound of the user's and resumes when it was no words", () => {
    const rig = whileSpeaking()
    rig.send(started(4000, "b"))
    expect(rig.told("playback.pause")).toHaveLength(1)
    rig.send(paused(4200), understood("b", 0, "nothing", 4350))
    expect(rig.state()).toBe("speaking.playing")
    expect(rig.told("playback.resume")).toHaveLength(1)
    expect(rig.running).toEqual(new Set(["a/0"]))
    expect(rig.told("probe.dropped")).toEqual([{ type: "probe.dropped", turnId: "b", revision: 0 }])
  })

  it("has what was understood of a sound forgotten, however the turn that it came in ends", () => {
    const interrupted = () => {
      const rig = whileSpeaking()
      rig.send(started(4000, "b"), paused(4200))
      return rig
    }
    const endings: readonly ConversationEvent[] = [
      { type: "user.cancel" },
      { type: "user.mute" },
      { type: "user.text", turnId: "c" },
      { type: "speaker.stalled" },
      wake(4400, "c"),
    ]
    for (const ending of endings) {
      const rig = interrupted()
      rig.send(ending)
      expect(rig.told("probe.dropped"), ending.type).toHaveLength(1)
    }
  })

  it("resumes by itself within 1.5 s when it never learns what the sound was", () => {
    const rig = whileSpeaking()
    rig.send(started(4000, "b"), paused(4200))
    rig.clock.increment(1500)
    expect(rig.state()).toBe("speaking.playing")
  })

  it("gives the word to a user who hesitates and goes on after playback has resumed", () => {
    const rig = whileSpeaking()
    rig.send(started(5000, "b"), paused(5300), understood("b", 0, "nothing", 5500))
    expect(rig.state()).toBe("speaking.playing")
    rig.send(resumed(5900, "c"))
    expect(rig.state()).toBe("speaking.yielding.hearing")
    rig.clock.increment(700)
    expect(rig.state()).toBe("transcribing.capturing")
    expect(rig.told("turn.opened").at(-1)).toMatchObject({ turnId: "c" })
  })

  it("does not talk over a user who is speaking when the time for a cough is up", () => {
    const rig = whileSpeaking()
    rig.send(started(5000, "b"))
    rig.clock.increment(600)
    rig.send(paused(5500))
    rig.clock.increment(400)
    rig.send(resumed(5900))
    rig.clock.increment(500)
    expect(rig.state()).toBe("transcribing.capturing")
    expect(rig.outcomes()).toEqual(["interrupted"])
  })

  it("gives the word to the user when the sound was words", () => {
    const rig = whileSpeaking()
    rig.send(started(4000, "b"), paused(4500), understood("b", 0, "words", 4600))
    expect(rig.state()).toBe("transcribing.settling.waiting")
    expect(rig.outcomes()).toEqual(["interrupted"])
    expect(rig.running).toEqual(new Set(["b/0"]))
    rig.clock.increment(600)
    expect(rig.state()).toBe("thinking.working")
  })

  it("takes words that fell silent together with Jett for its own echo, unless they are a fixed phrase", () => {
    const words = whileSpeaking()
    words.send(started(4000, "b"), paused(4250), understood("b", 0, "words", 4400))
    expect(words.state()).toBe("speaking.playing")
    expect(words.outcomes()).toEqual([])
    expect(words.told("playback.resume")).toHaveLength(1)
    const phrase = whileSpeaking()
    phrase.send(started(4000, "b"), paused(4250), understood("b", 0, "phrase", 4400))
    expect(phrase.state()).toBe("transcribing.settling.phrase")
    expect(phrase.outcomes()).toEqual(["interrupted"])
  })

  it("takes 700 ms of speech for words without waiting for its end", () => {
    const rig = whileSpeaking()
    rig.send(started(4000, "b"))
    rig.clock.increment(700)
    expect(rig.state()).toBe("transcribing.capturing")
    expect(rig.outcomes()).toEqual(["interrupted"])
  })

  it.each([
    ["thinks", () => afterSpeech()],
    [
      "waits for a cold model",
      () => {
        const rig = afterSpeech()
        rig.clock.increment(600)
        rig.send({ type: "turn.loading", turnId: "a", revision: 0 })
        return rig
      },
    ],
  ])("begins anew when the wake word is said while it %s", (_what, make) => {
    const rig = make()
    rig.clock.increment(5000)
    rig.send(wake(7000, "b"))
    expect(rig.state()).toBe("waking.waiting")
    expect(rig.outcomes()).toEqual(["cancelled"])
    expect(rig.running).toEqual(new Set())
    expect(rig.told("turn.opened").at(-1)).toMatchObject({ turnId: "b" })
  })

  it("is interrupted by the wake word alone where it hears itself", () => {
    const rig = whileSpeaking({ echoCancelled: false })
    rig.send(started(4000, "b"))
    expect(rig.state()).toBe("speaking.playing")
    rig.send(wake(4500, "c"))
    expect(rig.state()).toBe("waking.waiting")
    expect(rig.outcomes()).toEqual(["interrupted"])
  })

  it("keeps its own words out of the command that interrupts it, where it hears itself", () => {
    const rig = whileSpeaking({ echoCancelled: false })
    rig.send(wake(4500, "c", true))
    expect(rig.state()).toBe("waking.overSpeech")
    rig.clock.increment(350)
    rig.send(paused(5500))
    expect(rig.answering.at(-1)).toMatchObject({ turnId: "c", fromMs: 4350, toMs: 5500 })
  })

  it("takes the end of its own voice after the wake word for no command", () => {
    const rig = whileSpeaking({ echoCancelled: false })
    rig.send(wake(4500, "c", true), paused(4700))
    expect(rig.state()).toBe("waking.waiting")
    rig.send(resumed(5400), paused(6400))
    expect(rig.answering.at(-1)).toMatchObject({ turnId: "c", fromMs: 5400 - 320 })
  })
})
