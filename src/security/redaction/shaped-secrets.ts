import type { Span } from "./span.ts"

/** Secrets that are known by their shape alone: private keys, bearer tokens, and passwords in URLs. */
export const findShapedSecrets = (text: string): readonly Span[] => [
  ...privateKeys(text),
  ...bearerTokens(text),
  ...urlPasswords(text),
]

const BEGIN = "-----BEGIN"
const END = "-----END"
/** The longest first line of RFC 7468 and OpenPGP, with some air. */
const HEADER_CHARS = 80

/** From the first line to the last; to the end of the text where the last was cut off. */
const privateKeys = (text: string): readonly Span[] => {
  const spans: Span[] = []
  for (let at = text.indexOf(BEGIN); at >= 0; ) {
    const isPrivate = text.slice(at, at + HEADER_CHARS).includes("PRIVATE KEY")
    if (!isPrivate) {
      at = text.indexOf(BEGIN, at + BEGIN.length)
      continue
    }
    const footer = text.indexOf(END, at)
    const end = footer < 0 ? text.length : afterDashes(text, footer)
    spans.push({ start: at, end, kind: "private-key" })
    at = text.indexOf(BEGIN, end)
  }
  return spans
}

const afterDashes = (text: string, footer: number): number => {
  const from = footer + END.length
  const dashes = text.slice(from, from + HEADER_CHARS).indexOf("-----")
  return dashes < 0 ? text.length : from + dashes + 5
}

const BEARER = /\bbearer(?:\s|%20|\+){1,4}([A-Za-z0-9._~+/-]{8,}=*)/gi

/** Of a bearer token, not of "bearer authentication". */
const bearerTokens = (text: string): readonly Span[] =>
  Array.from(text.matchAll(BEARER)).flatMap((found) => {
    const token = found[1] ?? ""
    const end = found.index + found[0].length
    const unlikeWords = /\d/.test(token) || token.length >= 20
    return unlikeWords ? [{ start: end - token.length, end, kind: "token" } as const] : []
  })

const SCHEME = /:(?:\/|\\\/|%2f){2}/gi
const URL_END = /[\s"'`<>]/
const AUTHORITY_END = /[/?#\\]/
/** A user name alone, such as git@, is none; a token in its place is longer. */
const MIN_TOKEN_CHARS = 16

/** The password of `scheme://user:password@host`, a slash or an at sign in it included. */
const urlPasswords = (text: string): readonly Span[] => {
  const spans: Span[] = []
  SCHEME.lastIndex = 0
  for (let found = SCHEME.exec(text); found !== null; found = SCHEME.exec(text)) {
    const start = found.index + found[0].length
    let end = start
    let at = -1
    let slash = -1
    let colon = -1
    while (end < text.length && !URL_END.test(text.charAt(end)) && !startsUrl(text, end)) {
      const char = text.charAt(end)
      if (char === "@") at = end
      if (char === ":" && colon < 0 && slash < 0) colon = end
      if (slash < 0 && at < 0 && AUTHORITY_END.test(char)) slash = end
      end += 1
    }
    SCHEME.lastIndex = Math.max(end, start)
    const secret = userInfo(text, { start, at, slash, colon })
    if (secret !== undefined) spans.push({ start: secret, end: at, kind: "url" })
  }
  return spans
}

const startsUrl = (text: string, at: number): boolean => text.startsWith("://", at)

interface UrlParts {
  readonly start: number
  /** The last at sign, the first slash that no at sign is before, the first colon before that; -1 where there is none. */
  readonly at: number
  readonly slash: number
  readonly colon: number
}

const userInfo = (text: string, { start, at, slash, colon }: UrlParts): number | undefined => {
  if (at < 0) return undefined
  if (colon < 0 || colon > at) return slash < 0 && at - start >= MIN_TOKEN_CHARS ? start : undefined
  // host:port/@name is no password.
  if (slash >= 0 && /^\d{1,5}$/.test(text.slice(colon + 1, Math.min(slash, colon + 7)))) return undefined
  return colon + 1
}
