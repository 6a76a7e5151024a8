import { describe, expect, it } from "vitest"
import type { ConversationEvent } from "../../../src/machines/conversation/conversation-types.ts"
import { conversationRig, paused, resumed, started, wake } from "../../support/conversation-rig.ts"

const key = { turnId: "a", revision: 0 }
const consent = (consentId: string): ConversationEvent => ({
  type: "turn.consent",
  ...key,
  consentId,
  expiresInMs: 20_000,
})
const clause: ConversationEvent = { type: "turn.clause", ...key }
const written: ConversationEvent = { type: "turn.written", ...key, asksQuestion: false, aftermath: "none" }
const drained = (nowMs: number): ConversationEvent => ({ type: "speaker.drained", ...key, nowMs })

/** A rig that thinks about spoken turn "a", whose user fell silent at 2,000 ms. */
const thinking = (echoCancelled = true) => {
  const rig = conversationRig({ echoCancelled })
  rig.send(wake(1000, "a"), started(1200), paused(2000))
  rig.send({ type: "turn.understood", ...key, verdict: "words", nowMs: 2100 })
  rig.clock.increment(600)
  return rig
}

const hearing = () => {
  const rig = thinking()
  rig.send(consent("k"), drained(5000))
  return rig
}

const dropped = (rig: ReturnType<typeof conversationRig>) =>
  rig.commands.flatMap((command) => (command.type === "consent.dropped" ? [command.consentId] : []))

describe("the conversation asking for consent", () => {
  it("waits for the end of the answer, counted from the answer's own first silent sample", () => {
    const rig = hearing()
    rig.send(started(5600), paused(6200))
    rig.clock.increment(535)
    expect(rig.state()).toBe("confirming.settling")
    rig.send(resumed(6500), paused(7000))
    rig.clock.increment(535)
    expect(rig.state()).toBe("confirming.settling")
    rig.clock.increment(1)
    expect(rig.judged).toMatchObject([{ fromMs: 5600, toMs: 7000 }])
  })

  it("takes an answer that its expiry cuts in the middle for none", () => {
    const rig = hearing()
    rig.send(started(5600), paused(6200), resumed(6500))
    rig.clock.increment(20_000)
    expect(rig.state()).toBe("confirming.judging")
    expect(rig.judged).toMatchObject([{ fromMs: 5600, toMs: 0 }])
  })

  it("has one deadline, counted from the end of the question, whatever is heard until then", () => {
    const rig = hearing()
    // The question ended at 5,000 ms: at 25,000 ms it expires.
    rig.clock.increment(10_000)
    rig.send(started(15_000))
    rig.clock.increment(5000)
    rig.send(paused(20_000), resumed(20_200))
    rig.clock.increment(25_000 - 20_264 - 1)
    expect(rig.state()).toBe("confirming.answering")
    rig.clock.increment(1)
    expect(rig.state()).toBe("confirming.judging")
    expect(rig.judged).toMatchObject([{ toMs: 0 }])
  })

  it("lets an answer that ended before the deadline have its silence", () => {
    const rig = hearing()
    rig.send(started(24_000), paused(24_900))
    rig.clock.increment(535)
    expect(rig.state()).toBe("confirming.settling")
    rig.clock.increment(1)
    expect(rig.judged).toMatchObject([{ fromMs: 24_000, toMs: 24_900 }])
  })

  it("drops its question for the wake word, but takes one within the answer for a part of it", () => {
    const asking = thinking()
    asking.send(consent("k"), wake(4000, "b"))
    expect(asking.state()).toBe("waking.waiting")
    expect(dropped(asking)).toEqual(["k"])

    const answering = hearing()
    answering.send(started(5600), wake(6000, "b"))
    expect(answering.state()).toBe("confirming.answering")
    expect(dropped(answering)).toEqual([])
  })

  it("commits the revision once, however often it goes back to thinking", () => {
    const rig = hearing()
    rig.clock.increment(20_000)
    rig.send({ type: "consent.judged", consentId: "k" })
    expect(rig.state()).toBe("thinking.acting")
    expect(rig.told("turn.committed")).toHaveLength(1)
  })

  it("asks again when the guard asks anew before its verdict on the last answer was delivered", () => {
    const rig = hearing()
    rig.clock.increment(20_000)
    expect(rig.state()).toBe("confirming.judging")
    rig.send(consent("k2"), { type: "consent.judged", consentId: "k" })
    expect(rig.state()).toBe("confirming.asking")
    expect(dropped(rig)).toEqual(["k"])
  })

  it("keeps a question that comes while the user makes a sound until playback goes on", () => {
    const rig = thinking()
    rig.send(clause, started(4000, "b"), consent("k"))
    expect(rig.state()).toBe("speaking.yielding.hearing")
    rig.send(paused(4100), {
      type: "turn.understood",
      turnId: "b",
      revision: 0,
      verdict: "nothing",
      nowMs: 4200,
    })
    expect(rig.state()).toBe("confirming.asking")
    expect(rig.told("playback.resume")).toHaveLength(1)
  })

  it("does not take the end of what was said before the question for the end of what comes after it", () => {
    const rig = thinking()
    rig.send(clause, drained(3000), consent("k"), drained(5000))
    rig.clock.increment(20_000)
    rig.send({ type: "consent.judged", consentId: "k" }, clause, written)
    expect(rig.state()).toBe("speaking.playing")
    rig.send(drained(40_000))
    expect(rig.outcomes()).toEqual(["answered"])
  })

  it("apologises when the turn fails while it asks", () => {
    const rig = hearing()
    rig.send({ type: "turn.failed", ...key, reason: "died" })
    expect(rig.state()).toBe("thinking.apologising")
    expect(dropped(rig)).toEqual(["k"])
    expect([...rig.running]).toEqual(["a/1"])
  })

  it.each([
    { when: "nobody asked for anything", send: [] },
    { when: "the words are not final", send: [wake(1000, "a"), started(1200), paused(2000)] },
  ])("refuses a question when $when", ({ send }) => {
    const rig = conversationRig()
    rig.send(...send)
    const before = rig.state()
    rig.send(consent("k"))
    expect(rig.state()).toBe(before)
    expect(dropped(rig)).toEqual(["k"])
  })
})

describe("an answer that begins while the question still sounds", () => {
  const asking = (echoCancelled = true) => {
    const rig = thinking(echoCancelled)
    rig.send(consent("k"))
    return rig
  }

  it("is judged with the moment that it began at, and ends after that moment's question", () => {
    const rig = asking()
    rig.send(started(4000), paused(4400))
    rig.clock.increment(600)
    expect(rig.state()).toBe("confirming.judging")
    expect(rig.judged).toMatchObject([{ fromMs: 4000, toMs: 4400 }])
    // The question goes on: its end is not known, but is later than all that is.
    expect(rig.judged[0]?.questionEndMs).toBeGreaterThan(4400)
    expect(dropped(rig)).toEqual([])
  })

  it("is judged with the question's end where that came before the answer's", () => {
    const rig = asking()
    rig.send(started(4000), drained(5000))
    expect(rig.state()).toBe("confirming.answering")
    rig.send(paused(5500))
    rig.clock.increment(600)
    expect(rig.judged).toMatchObject([{ fromMs: 4000, toMs: 5500, questionEndMs: 5000 }])
  })

  it("has as long as the guard gives it, counted from the end of the question", () => {
    const rig = asking()
    rig.send(started(4000))
    rig.clock.increment(15_000)
    rig.send(drained(19_000))
    rig.clock.increment(19_999)
    expect(rig.state()).toBe("confirming.answering")
    rig.clock.increment(1)
    expect(rig.judged).toMatchObject([{ toMs: 0 }])
  })

  it("is not heard where Jett hears itself", () => {
    const rig = asking(false)
    rig.send(started(4000), paused(4400))
    expect(rig.state()).toBe("confirming.asking")
  })

  it.each([
    { heard: "before the question has ended", end: [], state: "confirming.asking" },
    { heard: "by when it has", end: [drained(5200)], state: "confirming.hearing" },
  ])("ends nothing when it was a cough, $heard", ({ end, state }) => {
    const rig = asking()
    rig.send(started(4000), paused(4400))
    rig.clock.increment(600)
    rig.send(...end, { type: "consent.unheard", consentId: "k", nowMs: 5300 })
    expect(rig.state()).toBe(state)
    expect(dropped(rig)).toEqual([])
    // The real answer is judged by itself.
    rig.send(...(end.length > 0 ? [] : [drained(6000)]), started(6500), paused(7000))
    rig.clock.increment(600)
    expect(rig.judged).toHaveLength(2)
    expect(rig.judged[1]).toMatchObject({ fromMs: 6500, toMs: 7000 })
  })

  it.each([
    { while: "still speaks", more: [started(5100)], state: "confirming.answering" },
    { while: "has spoken", more: [started(5100), paused(5400)], state: "confirming.settling" },
  ])("is the next sound where the first was none and the user $while", ({ more, state }) => {
    const rig = asking()
    rig.send(started(4000), paused(4400))
    rig.clock.increment(600)
    rig.send(...more, { type: "consent.unheard", consentId: "k", nowMs: 5450 })
    expect(rig.state()).toBe(state)
    rig.send(drained(5500))
    if (more.length === 1) rig.send(paused(5600))
    rig.clock.increment(600)
    expect(rig.judged[1]).toMatchObject({ fromMs: 5100, questionEndMs: 5500 })
  })

  it("gives way to the wake word, which is a part of the answer once the question was heard", () => {
    const early = asking()
    early.send(started(4000), wake(4500, "b", true))
    expect(early.state()).toBe("waking.sameBreath")
    expect(dropped(early)).toEqual(["k"])

    const late = asking()
    late.send(started(4000), drained(4200), wake(4500, "b", true))
    expect(late.state()).toBe("confirming.answering")
    expect(dropped(late)).toEqual([])
  })

  it("does not cut off what is said about it when the question ends meanwhile", () => {
    const rig = asking()
    rig.send(started(4000), paused(4400))
    rig.clock.increment(600)
    rig.send({ type: "consent.judged", consentId: "k" }, drained(5600), clause, written)
    expect(rig.state()).toBe("speaking.playing")
    rig.send(drained(7000))
    expect(rig.outcomes()).toEqual(["answered"])
  })

  const cut = [{ type: "question.cut", ...key, consentId: "k" }]

  it("silences the rest of the question once it was judged, and neither before nor for a cough", () => {
    const rig = asking()
    rig.send(started(4000), paused(4400))
    rig.clock.increment(600)
    rig.send({ type: "consent.unheard", consentId: "k", nowMs: 5000 }, started(5100), paused(5400))
    rig.clock.increment(600)
    expect(rig.state()).toBe("confirming.judging")
    expect(rig.told("question.cut")).toEqual([])
    rig.send({ type: "consent.judged", consentId: "k" })
    expect(rig.told("question.cut")).toEqual(cut)
    // The turn goes on: what comes of the answer is to be heard.
    expect(rig.told("speech.drop")).toEqual([])
  })

  it("has no question to silence that was heard to its end", () => {
    const rig = asking()
    rig.send(started(4000), paused(4400))
    rig.clock.increment(600)
    rig.send(drained(5600), { type: "consent.judged", consentId: "k" })
    expect(rig.told("question.cut")).toEqual([])
  })

  it.each<{ when: string; event: ConversationEvent; state: string }>([
    { when: "what comes of it is there already", event: clause, state: "speaking.playing" },
    { when: "the guard asks once more", event: consent("k2"), state: "confirming.asking" },
  ])("silences the question also where $when", ({ event, state }) => {
    const rig = asking()
    rig.send(event)
    expect(rig.state()).toBe(state)
    expect(rig.told("question.cut")).toEqual(cut)
  })

  it("does not hear an answer of the question before when the guard asks once more", () => {
    const rig = asking()
    rig.send(started(4000), paused(4400))
    rig.clock.increment(600)
    rig.send({ type: "consent.judged", consentId: "k" })
    expect(rig.state()).toBe("thinking.acting")
    rig.send(consent("k2"), { type: "consent.unheard", consentId: "k", nowMs: 5300 })
    expect(rig.state()).toBe("confirming.asking")
    rig.send(drained(9000), started(9500), paused(9900))
    rig.clock.increment(600)
    expect(rig.judged.map(({ consentId }) => consentId)).toEqual(["k", "k2"])
  })
})

describe("a tool that takes long", () => {
  it("is not broken off like a thought", () => {
    const rig = thinking()
    rig.send({ type: "turn.acting", ...key })
    rig.clock.increment(120_000)
    expect(rig.state()).toBe("thinking.acting")
    rig.send(clause)
    expect(rig.state()).toBe("speaking.playing")
  })

  it("is given up in the end", () => {
    const rig = thinking()
    rig.send({ type: "turn.acting", ...key })
    rig.clock.increment(180_000)
    expect(rig.state()).toBe("thinking.apologising")
  })
})

describe("the muted conversation", () => {
  const answersText = () => {
    const rig = conversationRig()
    rig.send({ type: "user.mute" }, { type: "user.text", turnId: "a" }, clause)
    return rig
  }

  it.each([
    wake(4000),
    wake(4000, "w", true),
    started(4000),
    { type: "user.ptt", turnId: "p", inSpeech: false, nowMs: 4000 } satisfies ConversationEvent,
  ])("hears nothing while it answers text ($type)", (event) => {
    const rig = answersText()
    rig.send(event)
    expect(rig.state()).toBe("speaking.playing")
  })

  it("can be unmuted while it answers text, and listens afterwards", () => {
    const rig = answersText()
    rig.send({ type: "user.unmute" }, written, drained(0))
    expect(rig.state()).toBe("listening")
  })
})
