import fc from "fast-check"
import { expect, test } from "vitest"
import { containerNameProblem } from "../../src/security/container-name.ts"

test.each(["n8n", "postgres", "web-1", "my_app.v2", "N8N", "zz", "0x", "a".repeat(63).concat("z")])(
  "%s is a container's name",
  (name) => {
    expect(containerNameProblem(name)).toBeUndefined()
  },
)

test.each([
  ...[
    "",
    ".",
    "..",
    "*",
    "n",
    "-n8n",
    ".n8n",
    "_n8n",
    "/n8n",
    "//n8n",
    "n8n/",
    "n8n/../portainer",
    "../images/prune",
  ],
  ...[
    "n8n%2F..%2Fportainer",
    "n8n%252f",
    "n8n?t=-1&",
    "n8n/exec#",
    "n8n ",
    " n8n",
    "n8n\n",
    "n8n\r\nX: y",
    "n8n\0",
  ],
  ...[
    "\uFF4E8n",
    "\u043F8n",
    "n8\u006E\u0303",
    "n8n\u200B",
    "\u202En8n",
    "\u212Aeycloak",
    "caf\u00E9",
    "n\u01308n",
  ],
])("%j is no container's name", (name) => {
  expect(containerNameProblem(name)).toMatch(/^is no container's name; expected/)
})

test.each(["db", "cafe", "ada", "ADA", "0123456789ab", "f00", "1234", "a".repeat(64)])(
  "%s could be the beginning of an id",
  (name) => {
    expect(containerNameProblem(name)).toMatch(/^has only hexadecimal digits/)
  },
)

test("a name longer than anybody says is refused without being repeated", () => {
  expect(containerNameProblem("x".repeat(10_000))).toBe("has 10000 characters; expected at most 64")
})

test("whatever is taken is a path segment that is sent as it is, and no id", () => {
  const anything = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.string(),
    fc.stringMatching(/^[a-zA-Z0-9_.%/?#-]{1,20}$/),
  )
  fc.assert(
    fc.property(anything, (name) => {
      if (containerNameProblem(name) !== undefined) return
      expect(encodeURIComponent(name)).toBe(name)
      expect(new URL(`http://engine/containers/${name}/json`).pathname).toBe(`/containers/${name}/json`)
      expect(name).not.toMatch(/^[0-9a-f]+$/i)
    }),
    { numRuns: 5000 },
  )
})
