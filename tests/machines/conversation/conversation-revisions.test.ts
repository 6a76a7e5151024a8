import { describe, expect, it } from "vitest"
import { paused, resumed } from "../../support/conversation-rig.ts"
import { afterSpeech, clause, understood, written } from "../../support/spoken-turn.ts"

describe("the conversation machine", () => {
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
})
