import { expect, it } from "vitest"
import { repeatsOwnWords } from "../../src/text/own-words.ts"

const said = "Restart n8n? No is no; to go on, say: tango."

it.each(["Restart N8N", "restart n eight n", "to go on, say", "say tango.", "Tango!", said])(
  "is a piece of what Jett said: %s",
  (heard) => expect(repeatsOwnWords(heard, said)).toBe(true),
)

it.each([
  "",
  "No",
  "no.",
  "Restart",
  "no tango",
  "go on, tango",
  "yes, tango",
  "say tango please",
  "Restart it",
])("may be the user's own: %s", (heard) => expect(repeatsOwnWords(heard, said)).toBe(false))
