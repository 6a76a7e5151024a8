import { describe, expect, it } from "vitest"
import { checkedChat } from "../../src/models/chat-input.ts"

const good = { messages: [{ role: "user", content: "secret words" }], maxTokens: 8, temperature: 0 }

describe("checkedChat", () => {
  it("gives back a request that is one", () => {
    expect(checkedChat({ ...good, seed: 3 })).toEqual({ ...good, seed: 3 })
  })

  it.each([
    ["nothing", undefined],
    ["no messages", { ...good, messages: [] }],
    ["a role that does not exist", { ...good, messages: [{ role: "root", content: "secret words" }] }],
    ["content that is not text", { ...good, messages: [{ role: "user", content: 1 }] }],
    ["no room for a token", { ...good, maxTokens: 0 }],
    ["half a token", { ...good, maxTokens: 1.5 }],
    ["a temperature that is not a number", { ...good, temperature: Number.NaN }],
    ["a negative seed", { ...good, seed: -1 }],
    ["words where a number belongs", { ...good, maxTokens: "secret words" }],
  ])("refuses %s as bad input, and never repeats what was said", (_, input) => {
    const check = () => checkedChat(input)
    expect(check).toThrow(expect.objectContaining({ code: "bad-input" }))
    expect(check).not.toThrow(/secret/)
  })
})
