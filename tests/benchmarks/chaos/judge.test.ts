import { expect, test } from "vitest"
import { type Expected, type JudgedTurn, judge } from "../../../benchmarks/chaos/judge.ts"

const expected: Expected = { transcript: /what time is it/i, route: "phrase", reply: /^It's / }
const right: JudgedTurn = {
  outcome: "answered",
  transcript: "hey jarvis what time is it",
  route: "phrase",
  reply: "It's 10:40.",
  heard: "It's 10:40.",
}

test("the answer to what was said is right", () => {
  expect(judge(expected, [right], false)).toBe("right")
})

test("another answer, or none at all, is wrong", () => {
  expect(judge(expected, [{ ...right, reply: "Paris." }], true)).toBe("wrong")
  expect(judge(expected, [{ ...right, reply: "" }], true)).toBe("wrong")
  expect(judge(expected, [{ ...right, heard: "" }], true)).toBe("wrong")
  expect(judge(expected, [{ ...right, route: "llm" }], true)).toBe("wrong")
})

test("a turn that failed, or told the user so, said so", () => {
  expect(judge(expected, [{ ...right, outcome: "failed", reply: "" }], false)).toBe("said so")
  expect(judge(expected, [{ ...right, outcome: "timed-out" }], false)).toBe("said so")
  const broken = "The sea is wide. Sorry, something went wrong there."
  expect(judge(expected, [{ ...right, reply: broken }], false)).toBe("said so")
})

test("what is not heard, or not all of it, is excused only while the ear was away", () => {
  const part = { ...right, transcript: "what time", route: "llm", reply: "Noon." } as const
  for (const turns of [[], [part], [{ ...right, outcome: "no-speech" } as const]]) {
    expect(judge(expected, turns, false)).toBe("wrong")
    expect(["unheard", "misheard"]).toContain(judge(expected, turns, true))
  }
})

test("a turn that nobody cancelled or interrupted must not end so", () => {
  expect(judge(expected, [{ ...right, outcome: "cancelled" }], true)).toBe("wrong")
  expect(judge(expected, [{ ...right, outcome: "interrupted" }], true)).toBe("wrong")
})

test("of several turns the worst counts", () => {
  expect(judge(expected, [right, { ...right, outcome: "failed" }], false)).toBe("said so")
  expect(judge(expected, [{ ...right, reply: "Paris." }, right], false)).toBe("wrong")
})
