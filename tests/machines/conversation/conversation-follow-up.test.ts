import { describe, expect, it } from "vitest"
import { paused, resumed, started } from "../../support/conversation-rig.ts"
import { drained, whileSpeaking, written } from "../../support/spoken-turn.ts"

describe("the conversation machine", () => {
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
})
