import { describe, expect, it } from "vitest"
import type { ConversationEvent, Verdict } from "../../../src/machines/conversation/conversation-types.ts"
import { conversationRig, paused, resumed, started, wake } from "../../support/conversation-rig.ts"

const understood = (
  turnId: string,
  revision: number,
  verdict: Verdict,
  nowMs: number,
): ConversationEvent => ({
  type: "turn.understood",
  turnId,
  revision,
  verdict,
  nowMs,
})
const clause = (turnId: string, revision = 0): ConversationEvent => ({
  type: "turn.clause",
  turnId,
  revision,
})
const written = (
  turnId: string,
  revision = 0,
  rest: { asksQuestion?: boolean; aftermath?: "none" | "mute" } = {},
): ConversationEvent => ({
  type: "turn.written",
  turnId,
  revision,
  asksQuestion: rest.asksQuestion ?? false,
  aftermath: rest.aftermath ?? "none",
})
const drained = (turnId: string, revision = 0): ConversationEvent => ({
  type: "speaker.drained",
  turnId,
  revision,
  nowMs: 0,
})

/** A rig that has heard the wake word and a command, and whose user has just fallen silent at 2,000 ms. */
const afterSpeech = (options: Parameters<typeof conversationRig>[0] = {}) => {
  const rig = conversationRig(options)
  rig.send(wake(1000, "a"), started(1200), paused(2000))
  return rig
}

/** A rig that is speaking turn "a". */
const whileSpeaking = (options: Parameters<typeof conversationRig>[0] = {}) => {
  const rig = afterSpeech(options)
  rig.send(understood("a", 0, "words", 2100))
  rig.clock.increment(600)
  rig.send(clause("a"))
  return rig
}

describe("the conversation machine", () => {
  it("goes from the wake word through a whole turn back to listening", () => {
    const rig = conversationRig()
    expect(rig.state()).toBe("listening")
    rig.send(wake(1000, "a"))
    expect(rig.state()).toBe("waking.waiting")
    rig.send(started(1400))
    expect(rig.state()).toBe("transcribing.capturing")
    rig.send(paused(2400))
    expect(rig.state()).toBe("transcribing.settling.waiting")
    rig.send(understood("a", 0, "words", 2500), clause("a"))
    rig.clock.increment(600)
    expect(rig.state()).toBe("speaking.playing")
    rig.send(written("a"), drained("a"))
    expect(rig.state()).toBe("listening")
    expect(rig.outcomes()).toEqual(["answered"])
    expect(rig.running.size).toBe(0)
  })

  it("asks for the models at the wake word, so that loading hides behind the user's own speech", () => {
    const rig = conversationRig()
    rig.send(wake(1000, "a"))
    expect(rig.told("models.wanted")).toEqual([{ type: "models.wanted", turnId: "a" }])
  })

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

  it("says nothing of an answer before the turn is committed", () => {
    const rig = afterSpeech()
    rig.send(understood("a", 0, "words", 2100), clause("a"), written("a"))
    expect(rig.state()).toBe("transcribing.settling.waiting")
    expect(rig.told("speech.open")).toEqual([])
    rig.clock.increment(600)
    expect(rig.told("speech.open")).toHaveLength(1)
  })

  it("makes a new revision of the turn when speech resumes, and drops what came of the old one", () => {
    const rig = afterSpeech()
    rig.send(resumed(2300))
    expect(rig.running.size).toBe(0)
    rig.send(paused(3000))
    expect(rig.answering[1]).toMatchObject({
      turnId: "a",
      revision: 1,
      fromMs: rig.answering[0]?.fromMs,
      toMs: 3000,
    })
    rig.send(clause("a", 0), written("a", 0))
    rig.clock.increment(600)
    expect(rig.state()).toBe("thinking.working")
  })

  it.each([
    { at: 2950, reopens: true },
    { at: 3050, reopens: false },
  ])("reopens the turn from thinking for speech within a second of its end ($at)", ({ at, reopens }) => {
    const rig = afterSpeech()
    rig.clock.increment(600)
    rig.send(resumed(at))
    expect(rig.state()).toBe(reopens ? "transcribing.capturing" : "thinking.working")
  })

  it("does not reopen a turn that has changed something: what was done would be done once more", () => {
    const rig = afterSpeech()
    rig.clock.increment(600)
    const key = { turnId: "a", revision: 0 }
    rig.send({ type: "turn.acting", ...key }, { type: "turn.acted", ...key }, resumed(2950))
    expect(rig.state()).toBe("thinking.acting")
    expect(rig.running.size).toBe(1)
  })

  it("takes what the user says over the receipt of a change for a turn of its own", () => {
    const rig = goingOn("turn.acted")
    rig.clock.increment(700)
    expect(rig.state()).toBe("transcribing.capturing")
    expect(rig.outcomes()).toEqual(["interrupted"])
    rig.send(paused(3600))
    expect(rig.answering.at(-1)?.turnId).not.toBe("a")
  })

  /** Jett speaks 250 ms after the user's last word, and the user goes on at 2,500 ms. */
  const goingOn = (...before: "turn.acted"[]) => {
    const rig = afterSpeech()
    rig.send(understood("a", 0, "phrase", 2100))
    for (const type of before) rig.send({ type, turnId: "a", revision: 0 })
    rig.send(clause("a"))
    rig.clock.increment(250)
    expect(rig.state()).toBe("speaking.playing")
    rig.send(resumed(2500))
    expect(rig.told("playback.pause")).toHaveLength(1)
    return rig
  }

  it("reopens the turn when the user goes on over Jett's first words", () => {
    const rig = goingOn()
    rig.clock.increment(700)
    expect(rig.state()).toBe("transcribing.capturing")
    expect(rig.outcomes()).toEqual([])
    rig.send(paused(3600))
    expect(rig.answering.at(-1)).toMatchObject({
      turnId: "a",
      revision: 1,
      fromMs: rig.answering[0]?.fromMs,
      toMs: 3600,
    })
  })

  it("takes a few words over Jett's first words for the rest of the turn", () => {
    const rig = goingOn()
    rig.send(paused(2900))
    const probe = rig.answering.at(-1)
    rig.send(understood(probe?.turnId ?? "", 0, "words", 3000))
    expect(rig.state()).toBe("transcribing.settling.waiting")
    expect(rig.answering.at(-1)).toMatchObject({
      turnId: "a",
      revision: 1,
      fromMs: rig.answering[0]?.fromMs,
      toMs: 2900,
    })
    expect(rig.running).toEqual(new Set(["a/1"]))
  })

  it("goes on speaking when what came over its first words was no words", () => {
    const rig = goingOn()
    rig.send(paused(2650))
    rig.send(understood(rig.answering.at(-1)?.turnId ?? "", 0, "nothing", 2800))
    expect(rig.state()).toBe("speaking.playing")
    expect(rig.told("playback.resume")).toHaveLength(1)
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

  it("cuts an utterance that never ends and answers what there is", () => {
    const rig = conversationRig()
    rig.send(wake(1000, "a"), started(1400))
    rig.clock.increment(30_000)
    expect(rig.state()).toBe("thinking.working")
    expect(rig.answering[0]).toMatchObject({ fromMs: 1080, toMs: 31_080 })
  })

  it("apologises when thinking takes too long, and gives up when even that fails", () => {
    const rig = afterSpeech()
    rig.clock.increment(600)
    rig.clock.increment(20_000)
    expect(rig.state()).toBe("thinking.apologising")
    expect(rig.answering[1]).toMatchObject({ source: "notice", notice: "timed-out", revision: 1 })
    rig.clock.increment(10_000)
    expect(rig.state()).toBe("listening")
    expect(rig.outcomes()).toEqual(["failed"])
  })

  it("gives a cold model longer than thinking may take", () => {
    const rig = afterSpeech()
    rig.clock.increment(600)
    rig.send({ type: "turn.loading", turnId: "a", revision: 0 })
    rig.clock.increment(59_000)
    expect(rig.state()).toBe("thinking.loading")
    rig.send(clause("a"))
    expect(rig.state()).toBe("speaking.playing")
  })

  it("apologises for a failure before the first clause, and speaks the rest after one", () => {
    const before = afterSpeech()
    before.clock.increment(600)
    before.send({ type: "turn.failed", turnId: "a", revision: 0, reason: "died" })
    expect(before.answering[1]).toMatchObject({ notice: "failed" })
    before.send(clause("a", 1), written("a", 1))
    expect(before.state()).toBe("speaking.playing")
    before.send(drained("a", 1))
    expect(before.outcomes()).toEqual(["failed"])

    const after = whileSpeaking()
    after.send({ type: "turn.failed", turnId: "a", revision: 0, reason: "died" })
    expect(after.state()).toBe("speaking.playing")
    after.send(drained("a"))
    expect(after.state()).toBe("listening")
    expect(after.outcomes()).toEqual(["failed"])
  })

  it("counts a spoken apology for a late answer as timed out, not as an answer", () => {
    const rig = afterSpeech()
    rig.clock.increment(600)
    rig.clock.increment(20_000)
    rig.send(clause("a", 1), written("a", 1), drained("a", 1))
    expect(rig.outcomes()).toEqual(["timed-out"])
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

  it("opens a follow-up window only after a question, 300 ms after the last sound, for 6 s", () => {
    const rig = whileSpeaking()
    rig.send(written("a", 0, { asksQuestion: true }), drained("a"))
    expect(rig.state()).toBe("followUp.quiet")
    expect(rig.state()).toBe("followUp.quiet")
    rig.clock.increment(300)
    rig.send(started(5400, "c"))
    expect(rig.state()).toBe("transcribing.capturing")

    const quick = whileSpeaking({ echoCancelled: false })
    quick.send(written("a", 0, { asksQuestion: true }), drained("a"))
    quick.clock.increment(300)
    quick.send(resumed(5400, "c"))
    expect(quick.state()).toBe("transcribing.capturing")

    const silent = whileSpeaking()
    silent.send(written("a", 0, { asksQuestion: true }), drained("a"))
    silent.clock.increment(300)
    silent.clock.increment(6000)
    expect(silent.state()).toBe("listening")
  })

  it("takes up an answer that begins in the 300 ms after the question, once the ear opens", () => {
    const rig = whileSpeaking()
    rig.send(written("a", 0, { asksQuestion: true }), drained("a"), started(5000, "b"))
    expect(rig.state()).toBe("followUp.quiet")
    rig.clock.increment(300)
    expect(rig.state()).toBe("transcribing.capturing")
    rig.send(paused(5900))
    expect(rig.answering.at(-1)).toMatchObject({ turnId: "b", fromMs: 4680, toMs: 5900 })
  })

  it("forgets a sound that was over before the ear opened", () => {
    const rig = whileSpeaking()
    rig.send(written("a", 0, { asksQuestion: true }), drained("a"), started(5000, "b"), paused(5150))
    rig.clock.increment(300)
    expect(rig.state()).toBe("followUp.open")
    expect(rig.told("probe.dropped")).toEqual([{ type: "probe.dropped", turnId: "b", revision: 0 }])
  })

  it("stays muted until told otherwise, and still answers text", () => {
    const rig = conversationRig()
    rig.send({ type: "user.mute" }, wake(1000, "a"))
    expect(rig.state()).toBe("muted")
    rig.send({ type: "user.text", turnId: "b" }, clause("b"), written("b"), drained("b"))
    expect(rig.state()).toBe("muted")
    rig.send({ type: "user.unmute" })
    expect(rig.state()).toBe("listening")
  })

  it("mutes itself after a turn that asked for it", () => {
    const rig = whileSpeaking()
    rig.send(written("a", 0, { aftermath: "mute" }), drained("a"))
    expect(rig.state()).toBe("muted")
  })

  it("ends a turn that has nothing to say as soon as it is written", () => {
    const rig = afterSpeech()
    rig.send(understood("a", 0, "phrase", 2100), written("a"))
    rig.clock.increment(250)
    expect(rig.state()).toBe("listening")
    expect(rig.outcomes()).toEqual(["answered"])
  })

  it("asks for consent, hears the answer and goes on thinking", () => {
    const rig = afterSpeech()
    rig.clock.increment(600)
    rig.send({ type: "turn.consent", turnId: "a", revision: 0, consentId: "k", expiresInMs: 20_000 })
    expect(rig.state()).toBe("confirming.asking")
    rig.send({ type: "speaker.drained", turnId: "a", revision: 0, nowMs: 5000 })
    expect(rig.state()).toBe("confirming.hearing")
    rig.send(started(5600), paused(6200))
    rig.clock.increment(600)
    expect(rig.judged).toEqual([
      { turnId: "a", revision: 0, consentId: "k", questionEndMs: 5000, fromMs: 5600, toMs: 6200 },
    ])
    rig.send({ type: "consent.judged", consentId: "k" })
    expect(rig.state()).toBe("thinking.acting")
  })

  it("drops a pending consent when the turn is cancelled", () => {
    const rig = afterSpeech()
    rig.clock.increment(600)
    rig.send(
      { type: "turn.consent", turnId: "a", revision: 0, consentId: "k", expiresInMs: 20_000 },
      { type: "user.cancel" },
    )
    expect(rig.state()).toBe("listening")
    expect(rig.told("consent.dropped")).toEqual([{ type: "consent.dropped", consentId: "k" }])
  })

  it("says that it is degraded while a part is away", () => {
    const rig = conversationRig()
    rig.send({ type: "part.down", part: "llm" })
    expect(rig.actor.getSnapshot().value.health).toBe("degraded")
    rig.send({ type: "part.up", part: "llm" })
    expect(rig.actor.getSnapshot().value.health).toBe("healthy")
  })

  it("exports as plain JSON, every action, guard, delay and actor by name", () => {
    const { actor } = conversationRig()
    const { context: _, ...chart } = actor.logic.config
    expect(JSON.parse(JSON.stringify(chart))).toEqual(chart)
  })
})
