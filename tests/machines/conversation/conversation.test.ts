import { describe, expect, it } from "vitest"
import { conversationRig, paused, started, wake } from "../../support/conversation-rig.ts"
import {
  afterSpeech,
  clause,
  drained,
  understood,
  whileSpeaking,
  written,
} from "../../support/spoken-turn.ts"

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
