import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { describe, expect, it } from "vitest"
import type { TypedTurn } from "../../../src/actors/turn/answer-services.ts"
import { Announcer, makeAnnouncer } from "../../../src/actors/voice/announcer.ts"
import type { Part } from "../../../src/machines/conversation/conversation-types.ts"
import type { Announcement } from "../../../src/ports/announcements.ts"
import type { TurnRecord } from "../../../src/ports/turn.ts"
import { simulatedClock } from "../../support/nursery.ts"

type End = Pick<TurnRecord, "outcome" | "heard">

const wholly = (text: string): End => ({ outcome: "answered", heard: text })

/** The simulated clock runs what is due at the end of a step, so a long time takes many. */
const steppingClock = () => {
  const clock = simulatedClock()
  const increment = (ms: number): void => {
    for (let left = ms; left > 0; left -= 100) clock.increment(Math.min(left, 100))
  }
  return { ...clock, increment }
}

/** An announcer over a conversation that the test plays: in what state it is, and what becomes of its turns. */
const rig = () => {
  const clock = steppingClock()
  const said: {
    readonly id: string
    readonly text: string
    readonly rings: boolean
    readonly atMs: number
  }[] = []
  const notices: string[] = []
  const delivered: string[] = []
  let state = "listening"
  let down: readonly Part[] = []
  let takes = true
  let turns = 0
  const conversation = {
    state: () => ({ value: state, detail: "", atMs: 0 }),
    degraded: () => down,
    type: (id: string, turn: TypedTurn) => {
      expect(turn.mode).toBe("say")
      if (!takes) return false
      said.push({ id, text: turn.text, rings: turn.rings === true, atMs: clock.now() })
      enter("thinking")
      return true
    },
  }
  const announcer = new Announcer({
    conversation: () => conversation,
    clock,
    newTurnId: () => `turn-${++turns}`,
    onNotice: (message) => notices.push(message),
  })
  const enter = (value: string): void => {
    state = value
    announcer.entered({ value })
  }
  const end = (how: (text: string) => End = wholly, rest = "listening"): void => {
    const last = said.at(-1)
    if (last === undefined) throw new Error("nothing is being said")
    announcer.ended({ id: last.id, transcript: "", ...how(last.text) })
    enter(rest)
  }
  const announce = (id: string, more: Partial<Announcement> = {}): void =>
    announcer.announce({
      id,
      text: () => `Your ${id} timer is done.`,
      notice: "A timer is done.",
      onDelivered: (how) => delivered.push(`${id} ${how}`),
      ...more,
    })
  /** A turn of the user's, from the wake word to its end. */
  const userTurn = (transcript: string): void => {
    enter("transcribing")
    announcer.ended({ id: "user", transcript, outcome: "answered", heard: "Okay." })
    enter("listening")
  }
  return {
    announcer,
    announce,
    clock,
    enter,
    end,
    userTurn,
    notices,
    delivered,
    texts: () => said.map(({ text }) => text),
    said,
    away: (...parts: readonly Part[]) => {
      down = parts
    },
    refuse: (refuses: boolean) => {
      takes = !refuses
    },
  }
}

const PASTA = "Your pasta timer is done."
const EGG = "Your egg timer is done."

describe("what Jett says by itself", () => {
  it("is said at once where nothing is going on, and is delivered when it was heard", () => {
    const { announce, texts, delivered, end, notices } = rig()
    announce("pasta")
    expect(texts()).toEqual([PASTA])
    expect(delivered).toEqual([])
    end()
    expect(delivered).toEqual(["pasta heard"])
    expect(notices).toEqual([])
  })

  it.each(["waking", "transcribing", "thinking", "confirming", "speaking", "followUp", "away"])(
    "waits while the conversation is %s, and half a second longer",
    (busy) => {
      const { announce, clock, enter, texts } = rig()
      enter(busy)
      announce("pasta")
      clock.increment(60_000)
      expect(texts()).toEqual([])
      enter("listening")
      clock.increment(499)
      expect(texts()).toEqual([])
      clock.increment(1)
      expect(texts()).toEqual([PASTA])
    },
  )

  it("waits anew when a turn begins within that half second", () => {
    const { announce, clock, enter, texts } = rig()
    enter("speaking")
    announce("pasta")
    enter("listening")
    clock.increment(300)
    enter("waking")
    clock.increment(10_000)
    expect(texts()).toEqual([])
  })

  it("waits a moment where a turn ended just now", () => {
    const { announce, clock, enter, texts } = rig()
    enter("speaking")
    clock.increment(1000)
    enter("listening")
    announce("pasta")
    clock.increment(400)
    expect(texts()).toEqual([])
    clock.increment(600)
    expect(texts()).toEqual([PASTA])
  })

  it("is said while muted: that is the ears, not the mouth", () => {
    const { announce, clock, enter, texts } = rig()
    enter("muted")
    clock.increment(1000)
    announce("pasta")
    expect(texts()).toEqual([PASTA])
  })

  it("is said one after the other, in order, never two at once", () => {
    const { announce, clock, texts, end } = rig()
    announce("pasta")
    announce("egg")
    announce("tea")
    clock.increment(10_000)
    expect(texts()).toEqual([PASTA])
    end()
    clock.increment(500)
    expect(texts()).toEqual([PASTA, EGG])
    end()
    clock.increment(500)
    expect(texts()).toEqual([PASTA, EGG, "Your tea timer is done."])
  })

  it("begins with a tone where that was asked for, each time that it is said", () => {
    const { announce, clock, end, said } = rig()
    announce("pasta", { rings: true, repeatAfterMs: 30_000 })
    end()
    clock.increment(31_000)
    end()
    announce("backup")
    clock.increment(1000)
    expect(said.map(({ rings }) => rings)).toEqual([true, true, false])
  })

  it("is worded when it is said, not when it was announced", () => {
    const { announce, clock, enter, texts } = rig()
    enter("speaking")
    announce("pasta", { text: () => `It is ${clock.now()}.` })
    clock.increment(5000)
    enter("listening")
    clock.increment(500)
    expect(texts()).toEqual(["It is 5500."])
  })

  it("is tried again a second later where the conversation does not take it", () => {
    const { announce, clock, refuse, texts, delivered } = rig()
    refuse(true)
    announce("pasta")
    clock.increment(5000)
    refuse(false)
    clock.increment(1000)
    expect(texts()).toEqual([PASTA])
    expect(delivered).toEqual([])
  })
})

describe("one that was not heard", () => {
  const cutOff = (text: string): End => ({ outcome: "interrupted", heard: text.slice(0, 4) })

  it("is said again once the turn that interrupted it is over", () => {
    const { announce, clock, end, texts, delivered, userTurn } = rig()
    announce("pasta")
    end(cutOff, "transcribing")
    clock.increment(5000)
    expect(texts()).toHaveLength(1)
    userTurn("what was that")
    clock.increment(500)
    expect(texts()).toEqual([PASTA, PASTA])
    end()
    expect(delivered).toEqual(["pasta heard"])
  })

  it("counts as heard from half of it on", () => {
    const { announce, clock, end, texts, delivered } = rig()
    announce("pasta")
    end((text) => ({ outcome: "interrupted", heard: text.slice(0, 15) }))
    clock.increment(60_000)
    expect(texts()).toHaveLength(1)
    expect(delivered).toEqual(["pasta heard"])
  })

  it.each(["interrupted", "cancelled", "failed", "timed-out"] as const)(
    "is shown after three attempts that were %s, without a word of the user's",
    (outcome) => {
      const { announce, clock, end, texts, notices, delivered } = rig()
      announce("pasta")
      for (const _ of [1, 2, 3]) {
        end(() => ({ outcome, heard: "" }))
        clock.increment(500)
      }
      expect(texts()).toHaveLength(3)
      expect(notices).toEqual(["A timer is done."])
      expect(delivered).toEqual(["pasta written"])
      clock.increment(600_000)
      expect(texts()).toHaveLength(3)
    },
  )

  it("is no more heard for an apology that took its place", () => {
    const { announce, clock, end, texts } = rig()
    announce("pasta")
    end(() => ({ outcome: "failed", heard: "Sorry, something went wrong there." }))
    clock.increment(500)
    expect(texts()).toHaveLength(2)
  })

  it("is tried again when the conversation was lost, and when nobody ever ended its turn", () => {
    const { announcer, announce, clock, enter, texts } = rig()
    announce("pasta")
    announcer.lost()
    enter("away")
    clock.increment(2000)
    enter("listening")
    clock.increment(500)
    expect(texts()).toHaveLength(2)
    enter("listening")
    clock.increment(179_000)
    expect(texts()).toHaveLength(2)
    clock.increment(2000)
    expect(texts()).toHaveLength(3)
  })

  it("is shown where there has been no conversation to say it for five minutes", () => {
    const { announce, clock, enter, texts, notices, delivered } = rig()
    enter("away")
    announce("pasta")
    clock.increment(299_000)
    expect(notices).toEqual([])
    clock.increment(2000)
    expect(notices).toEqual(["A timer is done."])
    expect(delivered).toEqual(["pasta written"])
    expect(texts()).toEqual([])
  })

  it.each(["tts", "speaker"] as const)("is shown as well where the %s is away", (part) => {
    const { announce, away, end, notices, delivered } = rig()
    away(part)
    announce("pasta")
    end()
    expect(notices).toEqual(["A timer is done."])
    expect(delivered).toEqual(["pasta written"])
  })

  it("is not shown for a part that does not speak", () => {
    const { announce, away, end, notices } = rig()
    away("llm", "mic", "stt")
    announce("pasta")
    end()
    expect(notices).toEqual([])
  })
})

describe("one that is to be said twice", () => {
  const twice = { repeatAfterMs: 30_000 }

  it("is said again after that time, and no third time", () => {
    const { announce, clock, end, said, delivered } = rig()
    announce("pasta", twice)
    clock.increment(1000)
    end()
    clock.increment(29_999)
    expect(said).toHaveLength(1)
    clock.increment(1)
    expect(said.map(({ atMs }) => atMs)).toEqual([0, 31_000])
    end()
    clock.increment(600_000)
    expect(said).toHaveLength(2)
    expect(delivered).toEqual(["pasta heard"])
  })

  it("is not, where the user said anything in between", () => {
    const { announce, clock, end, texts, userTurn } = rig()
    announce("pasta", twice)
    end()
    clock.increment(5000)
    userTurn("thanks")
    clock.increment(600_000)
    expect(texts()).toHaveLength(1)
  })

  it("is, where only a noise woke Jett in between", () => {
    const { announce, clock, end, texts, userTurn } = rig()
    announce("pasta", twice)
    end()
    clock.increment(5000)
    userTurn("")
    clock.increment(25_000)
    expect(texts()).toHaveLength(2)
  })

  it("is not, where the user interrupted it after hearing most of it", () => {
    const { announce, clock, end, texts } = rig()
    announce("pasta", twice)
    end((text) => ({ outcome: "interrupted", heard: text.slice(0, 20) }))
    clock.increment(600_000)
    expect(texts()).toHaveLength(1)
  })

  it("lets others go first that are announced in between", () => {
    const { announce, clock, end, texts } = rig()
    announce("pasta", twice)
    end()
    clock.increment(10_000)
    announce("egg")
    end()
    clock.increment(20_000)
    expect(texts()).toEqual([PASTA, EGG, PASTA])
  })

  it("is left at once where the second time has to wait too long", () => {
    const { announce, clock, end, enter, texts, notices } = rig()
    announce("pasta", twice)
    end()
    enter("away")
    clock.increment(340_000)
    enter("listening")
    clock.increment(10_000)
    expect(texts()).toHaveLength(1)
    expect(notices).toEqual([])
  })

  it("is not shown where the second time fails", () => {
    const { announce, clock, end, texts, notices } = rig()
    announce("pasta", twice)
    end()
    clock.increment(30_000)
    end(() => ({ outcome: "interrupted", heard: "" }))
    clock.increment(600_000)
    expect(texts()).toHaveLength(2)
    expect(notices).toEqual([])
  })
})

describe("one that is taken back", () => {
  it("is not said any more, and whoever took it back is told whether there was any of it", () => {
    const { announcer, announce, clock, enter, texts, delivered } = rig()
    enter("speaking")
    announce("pasta")
    expect(announcer.withdraw("pasta")).toBe(true)
    expect(announcer.withdraw("pasta")).toBe(false)
    enter("listening")
    clock.increment(10_000)
    expect(texts()).toEqual([])
    expect(delivered).toEqual([])
  })

  it("is said to its end while it is being said, and neither again nor delivered", () => {
    const { announcer, announce, clock, end, texts, delivered } = rig()
    announce("pasta", { repeatAfterMs: 30_000 })
    expect(announcer.withdraw("pasta")).toBe(true)
    end()
    clock.increment(600_000)
    expect(texts()).toHaveLength(1)
    expect(delivered).toEqual([])
  })

  it("is not said a second time", () => {
    const { announcer, announce, clock, end, texts } = rig()
    announce("pasta", { repeatAfterMs: 30_000 })
    end()
    expect(announcer.withdraw("pasta")).toBe(true)
    clock.increment(600_000)
    expect(texts()).toHaveLength(1)
  })
})

describe("one that is announced again under the same id", () => {
  it("is said once, and the latest announcer is told", () => {
    const { announce, clock, end, enter, texts, delivered } = rig()
    enter("speaking")
    announce("pasta")
    announce("pasta", { onDelivered: (how) => delivered.push(`second ${how}`) })
    enter("listening")
    clock.increment(500)
    announce("pasta", { onDelivered: (how) => delivered.push(`third ${how}`) })
    end()
    clock.increment(10_000)
    expect(texts()).toEqual([PASTA])
    expect(delivered).toEqual(["third heard"])
  })

  it("was heard already where only its second time waits", () => {
    const { announce, end, clock, texts, delivered } = rig()
    announce("pasta", { repeatAfterMs: 30_000 })
    end()
    announce("pasta", { onDelivered: (how) => delivered.push(`again ${how}`) })
    expect(delivered).toEqual(["pasta heard", "again heard"])
    clock.increment(30_000)
    expect(texts()).toHaveLength(2)
  })
})

it("says nothing more once its scope is closed", async () => {
  const clock = steppingClock()
  const said: string[] = []
  const conversation = {
    state: () => ({ value: "speaking", detail: "", atMs: 0 }),
    degraded: () => [],
    type: (_: string, { text }: TypedTurn) => {
      said.push(text)
      return true
    },
  }
  const scope = Scope.makeUnsafe()
  const options = { conversation: () => conversation, clock, newTurnId: () => "t", onNotice: () => {} }
  const announcer = await Effect.runPromise(Scope.provide(makeAnnouncer(options), scope))
  announcer.announce({ id: "pasta", text: () => PASTA, notice: "" })
  await Effect.runPromise(Scope.close(scope, Exit.void))
  conversation.state = () => ({ value: "listening", detail: "", atMs: 0 })
  announcer.entered({ value: "listening" })
  announcer.announce({ id: "egg", text: () => EGG, notice: "" })
  clock.increment(600_000)
  expect(said).toEqual([])
})
