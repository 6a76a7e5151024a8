import { encodingsOf, MIN_ENCODED_CHARS } from "./encodings.ts"
import type { Span } from "./span.ts"
import { comparable, type Match, TextMatcher } from "./text-matcher.ts"

/** Shorter ones are in every text: a PIN of three digits cannot be protected by looking for it. */
const MIN_CHARS = 4
/** From here on a value is found although white space was put into it. */
const MIN_WRAPPED_CHARS = 12
/** A line of a value with several, such as a private key, that is looked for by itself. */
const MIN_LINE_CHARS = 16
/** Longer values are looked for in pieces of this size. */
const PIECE_CHARS = 256

const WORD = /[\p{L}\p{N}_]/u
const BASE64 = /[A-Za-z0-9+/_-]/

/**
 * Values that must never appear. Four and five characters are found as whole words and as they are; longer ones anywhere,
 * in any letter case and in the encodings of `encodingsOf`. A part of a value is not found.
 */
export class KnownValues {
  readonly #patterns = new Map<string, Pattern>()
  #matcher: TextMatcher | undefined
  #longest = 0

  /** No span is longer, wrapping apart. In UTF-16 units. */
  get longest(): number {
    return this.#longest
  }

  learn(secrets: Iterable<string>): void {
    for (const secret of secrets)
      for (const piece of piecesOf(secret.trim()))
        for (const { text, base64 } of encodingsOf(piece)) {
          const key = comparable(text)
          if (key.length < MIN_CHARS || this.#patterns.has(key)) continue
          this.#patterns.set(key, { base64, length: text.length, counted: key.length })
          this.#longest = Math.max(this.#longest, text.length)
          this.#matcher = undefined
        }
  }

  find(text: string): readonly Span[] {
    if (this.#patterns.size === 0) return []
    const patterns = [...this.#patterns.values()]
    this.#matcher ??= new TextMatcher([...this.#patterns.keys()])
    return this.#matcher
      .find(text, (match) => accepts(text, match, patterns[match.pattern]))
      .map((match) => spanOf(text, match, patterns[match.pattern]?.base64 === true))
  }
}

interface Pattern {
  readonly base64: boolean
  readonly length: number
  /** Without white space. */
  readonly counted: number
}

const piecesOf = (secret: string): readonly string[] => {
  const lines = secret
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .filter((line) => line.length >= MIN_LINE_CHARS && !line.startsWith("-----"))
  const pieces: string[] = []
  for (let at = 0; at < secret.length; at += PIECE_CHARS) pieces.push(secret.slice(at, at + PIECE_CHARS))
  return lines.length > 1 ? [...pieces, ...lines] : pieces
}

const accepts = (text: string, { start, end }: Match, pattern: Pattern | undefined): boolean => {
  if (pattern === undefined) return false
  if (end - start !== pattern.length && pattern.counted < MIN_WRAPPED_CHARS) return false
  if (pattern.length >= MIN_ENCODED_CHARS) return true
  return !WORD.test(text.charAt(start - 1)) && !WORD.test(text.charAt(end))
}

/** With the digit on either side that holds bits of the secret, and the padding. */
const spanOf = (text: string, { start, end }: Match, base64: boolean): Span => {
  if (!base64) return { start, end, kind: "known" }
  let last = BASE64.test(text.charAt(end)) ? end + 1 : end
  while (text.charAt(last) === "=") last += 1
  return { start: BASE64.test(text.charAt(start - 1)) ? start - 1 : start, end: last, kind: "known" }
}
