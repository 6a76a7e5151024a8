import { expect, it } from "vitest"
import { ConversationHistory } from "../../../src/actors/turn/conversation-history.ts"

const MINUTE = 60_000

const make = () => {
  const clock = { ms: 0 }
  const history = new ConversationHistory({ idleMs: 5 * MINUTE, now: () => clock.ms })
  return { clock, history }
}

it("keeps what was said and what of the answer was heard, in order", () => {
  const { history } = make()
  history.add({ transcript: "Who are you?", heard: "I am Jett." })
  history.add({ transcript: "Tell a story.", heard: "Once upon" })
  expect(history.messages()).toEqual([
    { role: "user", content: "Who are you?" },
    { role: "assistant", content: "I am Jett." },
    { role: "user", content: "Tell a story." },
    { role: "assistant", content: "Once upon" },
  ])
  expect(history.lastReply()).toBe("Once upon")
})

it("keeps neither half of a turn of which nothing was heard, nor words that nobody asked for", () => {
  const { history } = make()
  history.add({ transcript: "Who are you?", heard: "" })
  history.add({ transcript: "", heard: "The backup is done." })
  expect(history.messages()).toEqual([])
  expect(history.lastReply()).toBe("The backup is done.")
})

it("forgets everything five minutes after the last turn, not after the first", () => {
  const { clock, history } = make()
  history.add({ transcript: "One?", heard: "One." })
  clock.ms = 4 * MINUTE
  history.add({ transcript: "Two?", heard: "Two." })
  clock.ms = 9 * MINUTE
  expect(history.messages()).toHaveLength(4)
  clock.ms += 1
  expect(history.messages()).toEqual([])
  expect(history.lastReply()).toBeUndefined()
})

it("does not let a turn after the pause revive what came before it", () => {
  const { clock, history } = make()
  history.add({ transcript: "One?", heard: "One." })
  clock.ms = 6 * MINUTE
  history.add({ transcript: "Two?", heard: "Two." })
  expect(history.messages()).toHaveLength(2)
})

it("is cleared by request", () => {
  const { history } = make()
  history.add({ transcript: "One?", heard: "One." })
  history.clear()
  expect([history.messages(), history.lastReply()]).toEqual([[], undefined])
})

it("does not end in the middle of a turn, so that what tainted it is not forgotten with it", () => {
  const { clock, history } = make()
  history.add({ transcript: "One?", heard: "One." })
  clock.ms = 5 * MINUTE - 1
  const id = history.conversationId()
  clock.ms += 20_000
  history.add({ transcript: "Show the logs.", heard: "They are fine." })
  expect(history.conversationId()).toBe(id)
  expect(history.messages()).toHaveLength(4)
  clock.ms += 5 * MINUTE + 1
  expect(history.conversationId()).not.toBe(id)
})
