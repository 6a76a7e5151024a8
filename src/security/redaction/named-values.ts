import { lineEnd } from "./line-end.ts"
import { nameKind } from "./secret-names.ts"
import type { Span } from "./span.ts"
import { valueAfter } from "./value-after.ts"

const SEPARATOR = /[=:>]|%3d|%3a/gi
const NAME_CHAR = /[\p{L}\p{N}_.$-]/u
const CLOSER = /["'`\\\])]/
const MAX_NAME_CHARS = 80
const MAX_GAP_CHARS = 8
/** Words that need the one before them: `api key: …`. */
const SECOND_WORD = /^(?:key|keys|token|phrase|code|string)$/i

/**
 * Values whose name says that they are secret: `POSTGRES_PASSWORD=…`, `"password": "…"`, `Authorization: …`,
 * `PrivateKey = …`, `<secret>…</secret>`, `--token …`, `curl -u user:…`, `password is …`, and pairs of name and value.
 * In doubt the value ends later: what is not secret may be lost with it.
 */
export const findNamedValues = (text: string): readonly Span[] => [
  ...assignedValues(text),
  ...flagValues(text),
  ...pairValues(text),
  ...spokenOfValues(text),
]

const assignedValues = (text: string): readonly Span[] => {
  const spans: Span[] = []
  SEPARATOR.lastIndex = 0
  for (let found = SEPARATOR.exec(text); found !== null; found = SEPARATOR.exec(text)) {
    const name = nameBefore(text, found.index)
    if (name === undefined) continue
    if (found[0] === ">" && text[name.start - 1] !== "<") continue
    const kind = nameKind(name.text)
    if (kind === "plain") continue
    const from = afterSeparator(text, found.index + found[0].length)
    if (from === undefined) continue
    const value = valueAfter(text, {
      from,
      nameStart: name.start,
      name: name.text,
      kind,
      separator: found[0],
    })
    if (value === undefined) continue
    spans.push({ ...value, kind: "named" })
    SEPARATOR.lastIndex = Math.max(value.end, found.index + 1)
  }
  return spans
}

interface Name {
  readonly start: number
  readonly text: string
}

const nameBefore = (text: string, separator: number): Name | undefined => {
  let end = separator
  for (let gap = 0; gap < MAX_GAP_CHARS && /[ \t]/.test(text.charAt(end - 1)); gap += 1) end -= 1
  for (let gap = 0; gap < MAX_GAP_CHARS && CLOSER.test(text.charAt(end - 1)); gap += 1) end -= 1
  let start = wordStart(text, end)
  if (start === end) return undefined
  // A mark of ours is no name.
  if (text.slice(Math.max(0, start - 10), start).endsWith("[redacted:")) return undefined
  if (SECOND_WORD.test(text.slice(start, end)) && text.charAt(start - 1) === " ")
    start = wordStart(text, start - 1)
  return { start, text: text.slice(start, end) }
}

const wordStart = (text: string, end: number): number => {
  let start = end
  while (start > 0 && end - start < MAX_NAME_CHARS && NAME_CHAR.test(text.charAt(start - 1))) start -= 1
  return start
}

/** Past `=>`, `:=` and `==`; undefined where it is `::` or `://`. */
const afterSeparator = (text: string, from: number): number | undefined => {
  const next = text.charAt(from)
  if (text.charAt(from - 1) === ":" && (next === ":" || text.startsWith("//", from))) return undefined
  return (next === ">" && text.charAt(from - 1) === "=") || next === "=" ? from + 1 : from
}

const FLAG = /(?<![\w-])--?([A-Za-z][A-Za-z0-9_-]{1,40})[ \t]{1,4}(?!-)(["']?)(\S+)/g
const USER_FLAG = /(?<!\S)(?:-u|--user)[ =]{1,2}["']?[^\s:"']{1,64}:(\S+)/g

const flagValues = (text: string): readonly Span[] => [
  ...Array.from(text.matchAll(FLAG)).flatMap((found) => {
    const [whole, name = "", quote = "", value = ""] = found
    if (nameKind(name) === "plain") return []
    const start = found.index + whole.length - value.length
    return [{ start, end: quotedEnd(text, start, quote) ?? start + value.length, kind: "named" } as const]
  }),
  ...Array.from(text.matchAll(USER_FLAG), (found) => {
    const end = found.index + found[0].length
    return { start: end - (found[1] ?? "").length, end, kind: "named" } as const
  }),
]

const PAIR =
  /(?:name|key)\\{0,3}["']?\s{0,4}[:=]\s{0,4}\\{0,3}["']([\p{L}\p{N}_.-]{1,80})\\{0,3}["'],?\s{0,20}\\{0,3}["']?value\\{0,3}["']?\s{0,4}[:=]\s{0,4}\\{0,3}(["'])/giu

/** `{"name": "POSTGRES_PASSWORD", "value": "…"}` */
const pairValues = (text: string): readonly Span[] =>
  Array.from(text.matchAll(PAIR)).flatMap((found) => {
    const [whole, name = "", quote = ""] = found
    if (nameKind(name) === "plain") return []
    const start = found.index + whole.length
    return [{ start, end: quotedEnd(text, start, quote) ?? lineEnd(text, start), kind: "named" } as const]
  })

const SPOKEN_OF =
  /\b(?:password|passphrase|passcode|passwd|pin|secret|token|api[ -]key)\b[^\n.=:]{0,40}\s(?:is|was|to|as)\s{1,4}(\S{1,256})/gi

/** `the password is hunter2`, where the last word looks like no word. */
const spokenOfValues = (text: string): readonly Span[] =>
  Array.from(text.matchAll(SPOKEN_OF)).flatMap((found) => {
    const value = (found[1] ?? "").replace(/[.,;!?)]{1,3}$/, "")
    const start = found.index + found[0].length - (found[1] ?? "").length
    const unlikeWords = value.length > 3 && /\d|^["'`]|[^\p{L}'’-]|\p{Ll}\p{Lu}/u.test(value)
    return unlikeWords ? [{ start, end: start + value.length, kind: "named" } as const] : []
  })

const quotedEnd = (text: string, from: number, quote: string): number | undefined => {
  if (quote === "") return undefined
  const end = text.slice(from, lineEnd(text, from)).indexOf(quote)
  return end < 0 ? undefined : from + end
}
