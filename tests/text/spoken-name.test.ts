import { expect, test } from "vitest"
import { spokenForm } from "../../src/text/spoken-form.ts"
import { spokenName } from "../../src/text/spoken-name.ts"

test.each([
  ["n8n", "n eight n"],
  ["qdrant", "quadrant"],
  ["home-assistant", "home assistant"],
  ["my_app.v2", "my app v 2"],
  ["WebServer1", "web server 1"],
  ["web-", "web"],
])("%s is said as %j", (name, spoken) => {
  expect(spokenName(name)).toBe(spoken)
})

test("a figure and its word, capitals and punctuation make no difference by ear", () => {
  for (const way of ["n8n", "N 8 N", "n eight n", "N-eight-N.", "n_8_n"])
    expect(spokenForm(way)).toBe("n 8 n")
  expect(spokenForm("web1")).toBe(spokenForm("Web One"))
  expect(spokenForm("web 11")).not.toBe(spokenForm("web one"))
})
