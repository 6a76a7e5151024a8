import { expect, it } from "vitest"
import { expectHeard, sharedLetters } from "./heard-speech.ts"

const CAPABILITIES =
  "I tell the time and the date, set timers, and answer questions. Say stop to interrupt me."
const RUNNING = "n eight n, postgres and quadrant are running."

it.each([
  [
    "I tell the time in the date, said Timers, and to answer questions, say stop to interrupt me.",
    CAPABILITIES,
  ],
  ["I tell the time in the day, set timers and answer questions, say, stop to interrupt me.", CAPABILITIES],
  ["Naten posters in quadrant are running", RUNNING],
  ["The capital of Francis Perris,", "The capital of France is Paris."],
])("what a recogniser wrote, %j, is %j", (heard, said) => expectHeard(heard, said))

it.each([
  ["", CAPABILITIES],
  ["The capital of France is Paris.", CAPABILITIES],
  ["Okay, I won't restart n eight n.", RUNNING],
  // A reply that broke off, and one that is said twice.
  ["I tell the time and the date, set", CAPABILITIES],
  [`${RUNNING} ${RUNNING}`, RUNNING],
])("%j is not %j", (heard, said) => expect(() => expectHeard(heard, said)).toThrow(/greater than or equal/))

it("counts letters in order, of the longer text, whatever the case and the marks", () => {
  expect(sharedLetters("N8N is up.", "n8n, is up")).toBe(1)
  expect(sharedLetters("abcd", "acbd")).toBe(0.75)
  expect(sharedLetters("ab", "abcd")).toBe(0.5)
  expect(sharedLetters("", "...")).toBe(1)
})
