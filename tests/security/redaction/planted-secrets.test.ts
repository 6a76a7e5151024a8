import * as Effect from "effect/Effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { makeRedactor } from "../../../src/security/redact.ts"
import { comparable } from "../../../src/security/redaction/text-matcher.ts"
import { HARMLESS } from "./leaks.ts"

/** A learned secret is found by itself: the other layers see to the rest, and are tested elsewhere. */
const knowing = (...known: readonly string[]) => makeRedactor({ known, detector: () => Promise.resolve([]) })
const redact = (text: string, using: ReturnType<typeof knowing>): Promise<string> =>
  Effect.runPromise(using.redact(text))

const base64 = (text: string, encoding: "base64" | "base64url"): string =>
  Buffer.from(text, "utf8").toString(encoding)
const json = (text: string): string => JSON.stringify(text).slice(1, -1)

/** Written here once more, by other means than in the source where there are some. */
const ENCODINGS: Readonly<Record<string, (secret: string) => string>> = {
  plain: (secret) => secret,
  "in capitals": (secret) => secret.replace(/[a-z]/g, (char) => char.toUpperCase()),
  JSON: json,
  "JSON in JSON": (secret) => json(json(secret)),
  "JSON of Python": (secret) =>
    json(secret).replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`),
  "JSON of Go": (secret) =>
    json(secret).replace(/[<>&]/g, (unit) => `\\u00${unit.charCodeAt(0).toString(16)}`),
  "JSON of PHP": (secret) => json(secret).split("/").join("\\/"),
  "part of a URL": encodeURIComponent,
  "a form": (secret) => String(new URLSearchParams({ k: secret })).slice(2),
  "the password of a URL": (secret) => Object.assign(new URL("http://u@h/"), { password: secret }).password,
  "small hex": (secret) => Buffer.from(secret, "utf8").toString("hex"),
  "capital hex": (secret) => Buffer.from(secret, "utf8").toString("hex").toUpperCase(),
  Base64: (secret) => base64(secret, "base64"),
  "Base64 behind a user": (secret) => base64(`u:${secret}`, "base64"),
  "Base64 behind another user": (secret) => base64(`me:${secret}`, "base64"),
  "Base64 between others": (secret) => base64(`user:${secret} and more`, "base64"),
  "Base64 for URLs": (secret) => base64(`x${secret}!`, "base64url"),
  HTML: (secret) =>
    secret.replace(
      /[&<>"']/g,
      (char) => `&${{ "&": "amp", "<": "lt", ">": "gt", '"': "quot" }[char] ?? "#39"};`,
    ),
}

const secrets = fc
  .string({
    unit: fc.oneof(
      { weight: 5, arbitrary: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)) },
      fc.constantFrom("é", "ß", "🦊", "漢", " "),
    ),
    minLength: 8,
    maxLength: 40,
  })
  .filter(
    (secret) =>
      secret.trim() === secret && comparable(secret).length >= 8 && !/redacted|^[\]:[a-z]+$/i.test(secret),
  )

describe("a learned secret", () => {
  it.each(Object.entries(ENCODINGS))("never survives as %s, wherever it stands", async (_, encode) => {
    await fc.assert(
      fc.asyncProperty(
        secrets,
        fc.constantFrom(...HARMLESS),
        fc.constantFrom("", " ", '"', "\n", "=", "x"),
        fc.constantFrom("", " ", '"', "\n", "&", "x"),
        async (secret, line, before, after) => {
          const at = Math.floor(line.length / 2)
          const planted = encode(secret)
          const text = line.slice(0, at) + before + planted + after + line.slice(at)
          const redacted = await redact(text, knowing("another value", secret))
          expect(redacted).not.toContain(planted)
          // Of Base64 at most a digit on either side is left, which is shared with what was around it.
          if (planted.length > 11) expect(redacted).not.toContain(planted.slice(3, -3))
        },
      ),
      { numRuns: 40 },
    )
  })

  it("leaves of Base64 only the digits that hold none of its bits", async () => {
    const secret = "kT9!vQ2#mW7$x"
    for (const before of ["", "u", "u:", "me:"])
      for (const after of ["", "!", "!!", "!!!"]) {
        const planted = base64(before + secret + after, "base64")
        const redacted = await redact(planted, knowing(secret))
        const firstDigit = Math.floor((8 * before.length) / 6)
        const lastDigit = Math.ceil((8 * (before.length + secret.length)) / 6)
        const left = redacted.split("[redacted:known]")
        expect(left).toHaveLength(2)
        expect(planted.slice(0, firstDigit).startsWith(left[0] ?? "-")).toBe(true)
        expect(planted.slice(lastDigit).endsWith(left[1] ?? "-")).toBe(true)
      }
  })

  it("never survives a line end, at any place", async () => {
    const secret = "kT9!vQ2#mW7$xZ4&"
    const using = knowing(secret)
    for (const wrap of ["\n", "\r\n    ", " "])
      for (let at = 1; at < secret.length; at += 1)
        expect(await redact(`log ${secret.slice(0, at)}${wrap}${secret.slice(at)} end`, using)).toBe(
          "log [redacted:known] end",
        )
  })

  it("never survives among many", async () => {
    const many = Array.from({ length: 300 }, (_, at) => `secret-${at}-of-many`)
    const using = knowing(...many)
    expect(await redact(many.join(" "), using)).not.toMatch(/of-many/)
    expect(await redact(many.join(""), using)).toBe("[redacted:known]")
  })

  it("is found although it begins inside another", async () => {
    const using = knowing("abcdabcdabce", "dabcdabcd", "cdabce")
    expect(await redact("abcdabcdabcdabce", using)).toBe("abc[redacted:known]")
    expect(await redact("x cdabce x", using)).toBe("x [redacted:known] x")
  })

  it("is found when it is long, has several lines, or stands in one of its lines", async () => {
    const long = Array.from({ length: 90 }, (_, at) => `${at * 7919}`).join("-")
    const key = "-----BEGIN KEY-----\nfirst-line-of-the-key\nsecond-line-of-the-key\n-----END KEY-----\n"
    const using = knowing(long, key)
    expect(await redact(`x ${long} y`, using)).toBe("x [redacted:known] y")
    expect(await redact(`x ${key.trim()} y`, using)).toBe("x [redacted:known] y")
    expect(await redact("x second-line-of-the-key y", using)).toBe("x [redacted:known] y")
  })

  it("of four or five characters is found as a word, and not inside others", async () => {
    const using = knowing("4711", "hello", "abc")
    expect(await redact("pin is 4711, hello!", using)).toBe("pin is [redacted:known], [redacted:known]!")
    expect(await redact("port 47110, othello, abc", using)).toBe("port 47110, othello, abc")
  })

  it("that is empty or white space takes nothing out", async () => {
    expect(await redact("a b c", knowing("", " ", "\n\n\n\n\n\n\n\n"))).toBe("a b c")
  })
})
