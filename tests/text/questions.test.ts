import { expect, it } from "vitest"
import { asksQuestion } from "../../src/text/questions.ts"

it.each([
  "Shall I go on?",
  "Really?!",
  "Shall I? 🙂",
  'Did you say "now?"',
  "**Which one?**",
  "It is up. Anything else? ",
])("%s asks", (reply) => {
  expect(asksQuestion(reply)).toBe(true)
})

it.each(["It is up.", "Why? Because.", "", "Is it? Yes…", "See https://a.b/?q=1"])("%j does not", (reply) => {
  expect(asksQuestion(reply)).toBe(false)
})
