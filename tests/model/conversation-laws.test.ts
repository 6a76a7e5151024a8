import { describe, expect, it } from "vitest"
import type { ConversationCommand } from "../../src/machines/conversation/conversation-types.ts"
import { afterCommand, afterEvent, emptyBook, type LawBook } from "./conversation-laws.ts"

const a0 = { turnId: "a", revision: 0 }
const a1 = { turnId: "a", revision: 1 }
const b0 = { turnId: "b", revision: 0 }
const opened = (turnId: string): ConversationCommand => ({ type: "turn.opened", turnId, source: "voice" })
const closed: ConversationCommand = { type: "turn.closed", ...a0, outcome: "answered" }
const spoken: readonly ConversationCommand[] = [
  opened("a"),
  { type: "turn.committed", ...a0 },
  { type: "speech.open", ...a0 },
]

const bookOf = (...commands: readonly ConversationCommand[]): LawBook =>
  commands.reduce(afterCommand, emptyBook)

describe("the laws' book", () => {
  it("finds nothing wrong with a whole turn, interrupted by another", () => {
    const book = bookOf(
      ...spoken,
      { type: "playback.pause", ...a0 },
      { type: "playback.resume", ...a0 },
      { type: "speech.drop", ...a0 },
      closed,
      opened("b"),
      { type: "turn.committed", ...b0 },
      { type: "speech.open", ...b0 },
      { type: "speech.drop", ...b0 },
      { type: "turn.closed", ...b0, outcome: "answered" },
    )
    expect(book).toEqual({ ...emptyBook })
  })

  it.each<{ law: string; commands: readonly ConversationCommand[] }>([
    { law: "two turns are open", commands: [opened("a"), opened("b")] },
    { law: "a turn is closed twice", commands: [opened("a"), closed, closed] },
    { law: "a turn is closed that was never opened", commands: [closed] },
    { law: "a revision is committed twice", commands: [...spoken, { type: "turn.committed", ...a0 }] },
    { law: "a closed turn is committed", commands: [opened("a"), closed, { type: "turn.committed", ...a0 }] },
    { law: "speech comes before the commit", commands: [opened("a"), { type: "speech.open", ...a0 }] },
    {
      law: "a superseded revision speaks",
      commands: [...spoken.slice(0, 2), { type: "turn.committed", ...a1 }, { type: "speech.open", ...a0 }],
    },
    {
      law: "dropped speech comes back",
      commands: [...spoken, { type: "speech.drop", ...a0 }, { type: "speech.open", ...a0 }],
    },
    { law: "a closed turn speaks", commands: [...spoken, closed, { type: "speech.open", ...a0 }] },
    {
      law: "a revision speaks before the one before it is silent",
      commands: [...spoken, { type: "turn.committed", ...a1 }, { type: "speech.open", ...a1 }],
    },
    {
      law: "a question is cut short of which nothing is heard",
      commands: [...spoken.slice(0, 2), { type: "question.cut", ...a0, consentId: "k" }],
    },
    { law: "nobody is paused", commands: [opened("a"), { type: "playback.pause", ...a0 }] },
    {
      law: "playback goes on that was not paused",
      commands: [...spoken, { type: "playback.resume", ...a0 }],
    },
  ])("finds it when $law", ({ commands }) => {
    expect(bookOf(...commands).broken).not.toEqual([])
  })

  it("remembers a consent until it is judged or dropped", () => {
    const asked = afterEvent(emptyBook, { type: "turn.consent", ...a0, consentId: "k", expiresInMs: 1 })
    expect(asked.consents).toEqual(["k"])
    expect(afterEvent(asked, { type: "consent.judged", consentId: "k" }).consents).toEqual([])
    expect(afterCommand(asked, { type: "consent.dropped", consentId: "k" }).consents).toEqual([])
  })
})
