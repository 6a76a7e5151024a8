import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { ChatMessage } from "../../src/ports/engine.ts"
import { estimateTokens } from "../../src/text/estimate-tokens.ts"
import { buildMessages, type Prompt, type PromptInput, PromptTooLong } from "../../src/text/prompt.ts"

const user = (content: string): ChatMessage => ({ role: "user", content })
const assistant = (content: string): ChatMessage => ({ role: "assistant", content })

const input = (changes: Partial<PromptInput> = {}): PromptInput => ({
  systemPrompt: "Be brief.",
  history: [],
  userText: "What is a fox?",
  tools: [],
  contextTokens: 2_048,
  replyTokens: 256,
  ...changes,
})

const built = (changes: Partial<PromptInput> = {}): Prompt => {
  const prompt = buildMessages(input(changes))
  if (prompt._tag !== "Prompt") throw prompt
  return prompt
}

describe("buildMessages", () => {
  it("puts the system prompt first, then the history, then the newest words", () => {
    const history = [user("Hello."), assistant("Hi.")]
    expect(built({ history }).messages).toEqual([
      { role: "system", content: "Be brief." },
      ...history,
      user("What is a fox?"),
    ])
  })

  it("puts what changes with every turn after the history, so that the evaluated prefix stays valid", () => {
    const history = [user("Hello."), assistant("Hi.")]
    const at = (situation: string) => JSON.stringify(built({ history, situation }).messages)
    const [ten, eleven] = [at("Monday, 10:00"), at("Monday, 11:00")]
    const stable = JSON.stringify(built({ history }).messages.slice(0, -1)).slice(0, -1)
    expect(ten.startsWith(stable)).toBe(true)
    expect(eleven.startsWith(stable)).toBe(true)
    expect(ten).toContain("(Monday, 10:00)\\nWhat is a fox?")
  })

  it("drops the oldest turns whole when one word is too much, and more than one to make room for a while", () => {
    const history = [user("one"), assistant("uno"), user("two"), assistant("dos")]
    const countTokens = (text: string) => text.length
    const all = built({ history, countTokens })
    expect(all.droppedTurns).toBe(0)
    const tight = built({ history, countTokens, contextTokens: all.promptTokens - 1 + 256 })
    expect(tight.droppedTurns).toBeGreaterThan(0)
    expect(tight.messages.slice(1, -1)).toEqual(history.slice(2 * tight.droppedTurns))
  })

  it("keeps a tool's answer with the turn that asked for it", () => {
    const history: ChatMessage[] = [
      user("list"),
      assistant(""),
      { role: "tool", content: "n8n" },
      assistant("One."),
    ]
    const countTokens = (text: string) => text.length
    const all = built({ history, countTokens })
    const tight = built({ history, countTokens, contextTokens: all.promptTokens - 1 + 256 })
    expect(tight.messages).toHaveLength(2)
  })

  it("counts the tools, which the model reads too", () => {
    const tools = [{ name: "list_containers", description: "Lists.", parameters: { type: "object" } }]
    expect(built({ tools }).promptTokens).toBeGreaterThan(built().promptTokens)
  })

  it("is a typed error, with both figures, when the newest words alone do not fit", () => {
    const prompt = buildMessages(input({ userText: "word ".repeat(2_000) }))
    expect(prompt).toBeInstanceOf(PromptTooLong)
    expect(prompt).toMatchObject({ _tag: "PromptTooLong", roomTokens: 1_792 })
  })

  it("never exceeds the room, always keeps both ends, and drops whole turns from the oldest on", () => {
    const text = fc.string({ unit: "grapheme", maxLength: 60 })
    const turn = fc.tuple(text, text).map(([asked, said]) => [user(asked), assistant(said)])
    const arbitrary = fc.record({
      systemPrompt: text,
      userText: text,
      situation: fc.option(text, { nil: undefined }),
      turns: fc.array(turn, { maxLength: 12 }),
      tools: fc.array(fc.record({ name: text, description: text, parameters: fc.constant({}) }), {
        maxLength: 2,
      }),
      contextTokens: fc.integer({ min: 0, max: 900 }),
      replyTokens: fc.integer({ min: 0, max: 200 }),
    })
    fc.assert(
      fc.property(arbitrary, ({ turns, ...rest }) => {
        const prompt = buildMessages({ ...rest, history: turns.flat() })
        const room = rest.contextTokens - rest.replyTokens
        if (prompt._tag === "PromptTooLong") {
          expect(prompt.promptTokens).toBeGreaterThan(room)
          return
        }
        const { messages, droppedTurns, promptTokens } = prompt
        expect(promptTokens).toBeLessThanOrEqual(room)
        const counted = messages.reduce((total, { content }) => total + estimateTokens(content), 0)
        expect(counted).toBeLessThanOrEqual(promptTokens)
        expect(messages[0]).toEqual({ role: "system", content: rest.systemPrompt })
        expect(messages.at(-1)?.role).toBe("user")
        expect(messages.at(-1)?.content.endsWith(rest.userText)).toBe(true)
        expect(messages.slice(1, -1)).toEqual(turns.slice(droppedTurns).flat())
      }),
      { numRuns: 1_000 },
    )
  })

  it("begins as the last prompt did, but for the few turns that make room for many", () => {
    const history: ChatMessage[] = []
    let before: readonly ChatMessage[] = []
    let fresh = 0
    for (let turn = 0; turn < 200; turn++) {
      const question = `Question number ${turn}, of about the usual length?`
      const { messages } = built({ history: [...history], userText: question, contextTokens: 1024 })
      const extendsLast = before.slice(0, -1).every((message, i) => message.content === messages[i]?.content)
      if (!extendsLast) fresh += 1
      before = messages
      history.push(user(question), assistant(`Answer number ${turn}, which is one short sentence.`))
    }
    expect(fresh).toBeGreaterThan(3)
    expect(fresh).toBeLessThan(30)
  })

  it("keeps everything while it fits, whatever the length of the question", () => {
    const history = [user("One?"), assistant("Two."), user("Three?"), assistant("Four.")]
    expect(built({ history, userText: "Short?" }).droppedTurns).toBe(0)
    expect(built({ history, userText: "Long. ".repeat(80) }).droppedTurns).toBe(0)
  })
})
