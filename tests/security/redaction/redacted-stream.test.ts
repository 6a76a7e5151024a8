import * as Effect from "effect/Effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { makeRedactor, type StreamRedactor } from "../../../src/security/redact.ts"
import { HARMLESS, LEAKS } from "./leaks.ts"

const NO_DETECTOR = { detector: () => Promise.resolve([]) }

const streamed = async (redactor: StreamRedactor, pieces: readonly string[]): Promise<string> => {
  const stream = redactor.stream()
  let out = ""
  for (const piece of pieces) out += await Effect.runPromise(stream.push(piece))
  return out + (await Effect.runPromise(stream.end))
}

describe("RedactedStream", () => {
  it("hides a secret that is split over two pieces, at every place", async () => {
    const secret = "kT9!vQ2#mW7$"
    const redactor = makeRedactor({ known: [secret], ...NO_DETECTOR })
    // Long enough that the beginning is given out before the end is there.
    const text = `${"a line of a log\n".repeat(100)}the key ${secret}\nPASSWORD=two words\n${"another line\n".repeat(100)}`
    const whole = await Effect.runPromise(redactor.redact(text))
    const from = text.indexOf("the key")
    for (let at = from; at < from + 60; at += 1)
      expect(await streamed(redactor, [text.slice(0, at), text.slice(at)])).toBe(whole)
    expect(whole).not.toContain(secret)
  })

  it("hides a secret over a line end, whose two lines come in two pieces", async () => {
    const redactor = makeRedactor({ known: ["first-half-second-half"], ...NO_DETECTOR })
    const filler = "a line of a log\n".repeat(200)
    expect(await streamed(redactor, [`${filler}first-half-\n`, `second-half\n${filler}`])).toBe(
      `${filler}[redacted:known]\n${filler}`,
    )
  })

  it.each([
    ["a block of YAML", "secret: |\n    hunter2\n    second\nuser: n8n\n"],
    ["a name and its value", '{"name": "POSTGRES_PASSWORD",\n  "value": "hunter2"}\n'],
  ])("hides a secret whose name is on the line before: %s", async (_, text) => {
    const redactor = makeRedactor(NO_DETECTOR)
    const whole = await Effect.runPromise(redactor.redact(text))
    expect(whole).not.toMatch(/hunter2|second/)
    const filler = "a line of a log\n"
    // So that each line in turn is the last one that is given out.
    for (let after = 900; after < 1_200; after += 7) {
      const pieces = [filler.repeat(80) + text + "x".repeat(after), `\n${filler.repeat(80)}`]
      const out = await streamed(redactor, pieces)
      expect(out).toContain(whole)
      expect(out).not.toMatch(/hunter2|second/)
    }
  })

  it("gives what the whole text would give, however it is cut", async () => {
    const redactor = makeRedactor({ known: ["known-value", "several\nlines of it"], ...NO_DETECTOR })
    const lines = [
      ...LEAKS.map(({ text }) => text),
      ...HARMLESS,
      "known-\nvalue",
      "several lines of it",
      "filler ".repeat(120),
    ]
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...lines), { minLength: 5, maxLength: 25 }),
        fc.array(fc.nat(2_000), { maxLength: 30 }),
        async (chosen, cuts) => {
          const text = chosen.join("\n")
          const places = [...cuts.map((cut) => cut % (text.length + 1)), 0, text.length].sort((a, b) => a - b)
          const pieces = places.slice(1).map((end, at) => text.slice(places[at], end))
          expect(await streamed(redactor, pieces)).toBe(await Effect.runPromise(redactor.redact(text)))
        },
      ),
      { numRuns: 40 },
    )
  })

  it("gives whole lines out before the text ends", async () => {
    const stream = makeRedactor(NO_DETECTOR).stream()
    const given = await Effect.runPromise(stream.push(`${"a line\n".repeat(1_000)}half`))
    expect(given.length).toBeGreaterThan(4_000)
    expect(given.endsWith("\n")).toBe(true)
  })

  it("shows nothing of a line that does not end, and goes on with the next one", async () => {
    const redactor = makeRedactor({ known: ["hunter2"], ...NO_DETECTOR })
    const endless = Array.from({ length: 40 }, () => "hunter2 and more ".repeat(1_000))
    const out = await streamed(redactor, ["before\n", ...endless, "tail of it\nafter\n"])
    expect(out.replaceAll("[redacted:all]", "*")).toMatch(/^before\n\*+\nafter\n$/)
  })

  it("shows nothing of a private key that does not end", async () => {
    const redactor = makeRedactor(NO_DETECTOR)
    const lines = Array.from({ length: 40 }, () => "plain\n".repeat(2_000))
    const out = await streamed(redactor, ["a\n-----BEGIN PRIVATE KEY-----\n", ...lines])
    expect(out).not.toContain("plain")
  })

  it("shows nothing where the detector fails", async () => {
    const failing = makeRedactor({ detector: () => Promise.reject(new Error("broken")) })
    const out = await streamed(failing, ["line\n".repeat(1_000), "more"])
    expect(out).not.toMatch(/line|more/)
    expect(out).toContain("[redacted:all]")
  })
})
