import { expect, test } from "vitest"
import { narrate } from "../../src/cli/narration.ts"
import { paint, printable, table } from "../../src/cli/output.ts"
import { duration } from "../../src/cli/ps.ts"

const now = () => new Date(2026, 0, 2, 3, 4, 5)

test("on a terminal a turn shows what was said, made safe to print", () => {
  const turn = { type: "turn", turnId: "t", revision: 1, route: "llm", interrupted: false } as const
  const spoken = { ...turn, transcript: "what\u001B[2J time", reply: "noon" }
  expect(narrate(spoken, { colour: false, showWords: true, now })).toBe(
    "03:04:05 you: what\uFFFD[2J time\n03:04:05 jett: noon\n03:04:05 turn ended: llm",
  )
  expect(narrate(spoken, { colour: false, showWords: false, now })).toBe("03:04:05 turn ended: llm")
})

test("a turn that took no way to its answer tells of none", () => {
  const turn = { type: "turn", turnId: "t", revision: 0, route: "none" } as const
  const narrated = [{ interrupted: false }, { interrupted: true, totalMs: 23.6 }].map((how) =>
    narrate({ ...turn, ...how }, { colour: false, showWords: false, now }),
  )
  expect(narrated).toEqual([
    "03:04:05 turn ended",
    "03:04:05 turn ended: interrupted, 24 ms to the first sound",
  ])
})

test("colour is there only where it is wanted", () => {
  expect(paint(true, "red", "x")).toBe("\u001B[31mx\u001B[0m")
  expect(paint(false, "red", "x")).toBe("x")
})

test("control characters are replaced, line breaks and tabs are kept", () => {
  expect(printable("a\tb\nc\u0007d\u009Be\u007F")).toBe("a\tb\nc\uFFFDd\uFFFDe\uFFFD")
})

test("columns line up and lines have no trailing blanks", () => {
  expect(
    table([
      ["a", "bbb", ""],
      ["aaa", "b", "c"],
    ]),
  ).toBe("a    bbb\naaa  b    c\n")
})

test.each([
  [0, "0 s"],
  [119_999, "119 s"],
  [120_000, "2 min"],
  [7_200_000, "2 h"],
  [172_800_000, "2 d"],
])("%i ms are %s", (ms, words) => {
  expect(duration(ms)).toBe(words)
})
