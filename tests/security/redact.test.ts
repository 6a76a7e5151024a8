import * as Effect from "effect/Effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { makeRedactor } from "../../src/security/redact.ts"
import { HARMLESS, LEAKS } from "./redaction/leaks.ts"

const redactor = makeRedactor()
const redact = (text: string, using = redactor): Promise<string> => Effect.runPromise(using.redact(text))

describe("makeRedactor", () => {
  it.each(LEAKS)("takes out $title", async ({ text, secret }) => {
    const redacted = await redact(text)
    expect(redacted).toMatch(/\[redacted:[a-z-]+\]/)
    expect(redacted).not.toContain(secret)
    // Nor its words.
    for (const word of secret.split(/[\s"\\]+/).filter((part) => part.length > 2)) {
      expect(redacted).not.toContain(word)
    }
  })

  it.each(HARMLESS)("leaves as it is: %s", async (text) => {
    expect(await redact(text)).toBe(text)
  })

  it.each([
    ["POSTGRES_PASSWORD=hunter2", "POSTGRES_PASSWORD=[redacted:named]"],
    [
      '{"user":"n8n","password":"hunter2","db":"n8n"}',
      '{"user":"n8n","password":"[redacted:named]","db":"n8n"}',
    ],
    ["redis://:hunter2@cache:6379/0 is up", "redis://:[redacted:url]@cache:6379/0 is up"],
    ["host=db password=hunter2 dbname=n8n", "host=db password=[redacted:named] dbname=n8n"],
    ["<secret>hunter2</secret>", "<secret>[redacted:named]</secret>"],
    ["a\nCookie: x=1; y=2\nb", "a\nCookie: [redacted:named]\nb"],
    [String.raw`{"password": "hun\"ter2\\", "db": 1}`, '{"password": "[redacted:named]", "db": 1}'],
    [
      String.raw`{"log":"{\"password\":\"hun\\\"ter2\",\"x\":1}"}`,
      String.raw`{"log":"{\"password\":\"[redacted:named]\",\"x\":1}"}`,
    ],
    ['["A_KEY=k e-y","B=c"]', '["A_KEY=[redacted:named]","B=c"]'],
    ["The password is hunter2.", "The password is [redacted:named]."],
  ])("keeps what is around a secret: %s", async (text, expected) => {
    expect(await redact(text)).toBe(expected)
  })

  it("changes nothing when it is done again", async () => {
    for (const { text } of LEAKS) {
      const once = await redact(text)
      expect(await redact(once)).toBe(once)
    }
  })

  it("changes nothing when it is done again, whatever is put together", async () => {
    const piece = fc.oneof(
      fc.constantFrom(...LEAKS.map(({ text }) => text), ...HARMLESS),
      fc.constantFrom(
        "password",
        "=",
        ": ",
        '"',
        "'",
        "\\",
        " ",
        "\n",
        "[",
        "]",
        "[redacted:known]",
        "://",
        "@",
        "x1",
      ),
      fc.constantFrom(
        "[redacted:",
        "token",
        "hunter2",
        "learned-value",
        "bearer ",
        "-----BEGIN PRIVATE KEY-----",
      ),
      fc.string({ maxLength: 6 }),
    )
    const knowing = makeRedactor({ known: ["learned-value", "hunter2"] })
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 8 }), async (pieces) => {
        const once = await redact(pieces.join(""), knowing)
        expect(await redact(once, knowing)).toBe(once)
      }),
      { numRuns: 400 },
    )
  })

  it("does not believe a mark that somebody else wrote: what is around it is looked at all the same", async () => {
    expect(await redact("password=[redacted:x]hunter2")).toBe("password=[redacted:named]")
    expect(await redact("password=hunter2[redacted:x]")).toBe("password=[redacted:named]")
    expect(await redact('password="[redacted:x] hunter2"')).toBe('password="[redacted:named]"')
  })

  it("shows nothing of a text in which the detector failed", async () => {
    const failing = makeRedactor({ detector: () => Promise.reject(new Error("broken")) })
    expect(await redact("nothing secret", failing)).toBe("[redacted:all]")
    expect(await redact("", failing)).toBe("")
  })

  it("shows nothing of a text in which the detector threw", async () => {
    const throwing = makeRedactor({
      detector: () => {
        throw new Error("broken")
      },
    })
    expect(await redact("nothing secret", throwing)).toBe("[redacted:all]")
  })

  it("learns values later, and knows them from then on", async () => {
    const learning = makeRedactor()
    expect(await redact("say fluffybunny", learning)).toBe("say fluffybunny")
    learning.learn(["fluffybunny"])
    expect(await redact("say fluffybunny", learning)).toBe("say [redacted:known]")
  })

  it("leaves no mark of the detector behind in the process", async () => {
    await redact("warm")
    const before = performance.getEntriesByType("mark").length
    for (let call = 0; call < 20; call += 1) await redact(`line ${call}`)
    expect(performance.getEntriesByType("mark").length).toBe(before)
  })
})
