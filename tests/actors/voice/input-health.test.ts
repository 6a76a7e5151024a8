import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { describe, expect, it } from "vitest"
import { watchInputHealth } from "../../../src/actors/voice/input-health.ts"
import type { InputHealth } from "../../../src/ports/audio.ts"

/** What came of the input's news while the dialogue was in `state`. */
const hear = async (state: string, ...news: readonly InputHealth[]) => {
  const notices: string[] = []
  const spoken: string[] = []
  const sent: string[] = []
  let muted = state === "muted"
  await Effect.runPromise(
    watchInputHealth(
      { frames: Stream.empty, health: Stream.fromIterable(news) },
      {
        state: () => ({ value: state, detail: "", atMs: 0 }),
        get muted() {
          return muted
        },
        send: (event) => {
          sent.push("part" in event ? `${event.type} ${event.part}` : event.type)
          if (event.type === "user.mute") muted = true
          if (event.type === "user.unmute") muted = false
        },
        type: (_turnId, { text }) => {
          spoken.push(text)
          return true
        },
      },
      (message) => notices.push(message),
    ),
  )
  return { notices, spoken, sent }
}

const stalled: InputHealth = { type: "stalled", forMs: 1200 }
const allZero: InputHealth = { type: "all-zero", forMs: 5000 }
const recovered: InputHealth = { type: "recovered" }

describe("a microphone that is deaf", () => {
  it("is shown each time and spoken of once an episode", async () => {
    const { notices, spoken, sent } = await hear("listening", stalled, allZero, recovered, stalled)
    expect(notices).toHaveLength(3)
    expect(spoken).toHaveLength(2)
    expect(sent).toEqual(["part.down mic", "part.down mic", "part.up mic", "part.down mic"])
  })

  it("does not cut off what Jett is saying", async () => {
    const { notices, spoken } = await hear("speaking", stalled)
    expect(notices).toHaveLength(1)
    expect(spoken).toEqual([])
  })
})

describe("a microphone that the sound server mutes", () => {
  it("mutes the conversation until it is heard again", async () => {
    const { sent } = await hear("listening", { type: "muted" }, recovered)
    expect(sent).toEqual(["user.mute", "user.unmute", "part.up mic"])
  })

  it("leaves a conversation muted that the user has muted", async () => {
    const { sent } = await hear("muted", { type: "muted" }, recovered)
    expect(sent).not.toContain("user.unmute")
  })
})
