import type { Span } from "./span.ts"

/** A text of Base64, hex or the like. A point ends it: a JWT is three of them, and is found by the first. */
const TOKEN = /[A-Za-z0-9_+/~-]{20,}={0,2}/g
const PART = /[A-Za-z0-9_~-]{20,}/g
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
const HEX = /^[0-9a-f]+$/i
/** 128 bits: shorter ones are ids that users know, such as the first 12 digits of a container. */
const MIN_HEX_CHARS = 32
/** Bits a character, of what is in the token itself; 20 random ones of Base64 have 4.1 ± 0.15. */
const MIN_BITS = 3.4
const MIN_HEX_BITS = 2.9
/** Changes between small letters, capitals and digits, of all neighbours. Random Base64 has 0.45, names some 0.15. */
const MIN_CHANGES = 0.27
/** Of a token that shows nearly all of the characters it could. */
const MIN_FEW_CHANGES = 0.19
const MIN_MANY_BITS = 3.95
/** What may be shown although it is as random as a key: the id of a container, the digest of an image. */
const HARMLESS_BEFORE = /(?:sha(?:256|384|512)[:-]|containers?(?:[ _-]?id)?["']?(?:[:=/ ]|: ?)["']?)$/i
const BEFORE_CHARS = 24

/**
 * Long texts as random as keys are. In doubt they are taken out: a bare digest, or the id of a container that is not
 * called one, goes too. UUIDs, container ids with the word before them, image digests, dates and names stay.
 */
export const findRandomTokens = (text: string): readonly Span[] => {
  const spans: Span[] = []
  for (const found of text.matchAll(TOKEN)) {
    const start = found.index
    const whole = found[0]
    if (!holdsId(whole) && isRandom(whole) && !isHarmless(text, start, whole)) {
      spans.push({ start, end: start + whole.length, kind: "random" })
      continue
    }
    for (const part of whole.matchAll(PART)) {
      const from = start + part.index
      if (isRandom(part[0]) && !isHarmless(text, from, part[0]))
        spans.push({ start: from, end: from + part[0].length, kind: "random" })
    }
  }
  return [...jsonWebTokens(text), ...spans]
}

/** A path with an id in it is judged in its parts. */
const holdsId = (token: string): boolean =>
  token.includes("/") &&
  token.split("/").some((part) => UUID.test(part) || (HEX.test(part) && part.length > 11))

const isHarmless = (text: string, start: number, token: string): boolean =>
  HEX.test(token) && HARMLESS_BEFORE.test(text.slice(Math.max(0, start - BEFORE_CHARS), start))

const isRandom = (token: string): boolean => {
  if (UUID.test(token)) return false
  if (HEX.test(token)) {
    const mixed = /\d/.test(token) && /[a-f]/i.test(token)
    return mixed && token.length >= MIN_HEX_CHARS && bitsOf(token) >= MIN_HEX_BITS
  }
  const changes = changesOf(token)
  const bits = bitsOf(token)
  return (changes >= MIN_CHANGES && bits >= MIN_BITS) || (changes >= MIN_FEW_CHANGES && bits >= MIN_MANY_BITS)
}

/** Entropy of the characters (Shannon), in bits. */
const bitsOf = (token: string): number => {
  const counts = new Map<string, number>()
  for (const char of token) counts.set(char, (counts.get(char) ?? 0) + 1)
  let bits = 0
  for (const count of counts.values()) bits -= (count / token.length) * Math.log2(count / token.length)
  return bits
}

/** A capital before a small letter begins a word, and is no change; what is neither letter nor digit is passed over. */
const changesOf = (token: string): number => {
  let last = ""
  let changes = 0
  let counted = 0
  for (const char of token) {
    const kind = kindOf(char)
    if (kind === "") continue
    if (last !== "" && last !== kind && !(last === "A" && kind === "a")) changes += 1
    last = kind
    counted += 1
  }
  return counted === 0 ? 0 : changes / counted
}

const kindOf = (char: string): string => {
  if (char >= "a" && char <= "z") return "a"
  if (char >= "A" && char <= "Z") return "A"
  return char >= "0" && char <= "9" ? "0" : ""
}

/** `{"` in Base64, two or three parts. */
const JWT = /(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*)*/g

const jsonWebTokens = (text: string): readonly Span[] =>
  Array.from(text.matchAll(JWT), (found) => ({
    start: found.index,
    end: found.index + found[0].length,
    kind: "token" as const,
  }))
