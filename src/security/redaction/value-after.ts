import { lineEnd } from "./line-end.ts"
import type { NameKind } from "./secret-names.ts"

/** Where a value is looked for. */
export interface ValuePlace {
  /** Behind the separator. */
  readonly from: number
  readonly nameStart: number
  readonly name: string
  readonly kind: NameKind
  readonly separator: string
}

interface Extent {
  readonly start: number
  readonly end: number
}

/** What stands in the place of a value and is none, where it is alone. */
const NO_VALUE =
  /^(?:[|>][+-]?|null|nil|none|undefined|true|false|yes|no|on|off|empty|\*+|x{3,}|\$\{\w{1,80}\}|\$\w{1,80})$/i
/** What is said about a secret, after a colon and a space. */
const REMARK =
  /^(?:required|missing|invalid|expired|incorrect|wrong|unset|ok|valid|rejected|denied|accepted|failed|not|is|must|should|cannot|can't|authentication|mismatch|changed|updated|unknown|unsupported|malformed|bad|too|no|the|a|an|was|has|has been|does)$/i
const QUOTE = /^\\{0,7}["'`]/
/** Before the name of an environment variable that has its line for itself. */
const MAX_INDENT_CHARS = 32

/** The value of a name that is secret; undefined where there is none. Linear in its length. */
export const valueAfter = (text: string, place: ValuePlace): Extent | undefined => {
  let start = place.from
  while (start - place.from < 8 && /[ \t]/.test(text.charAt(start))) start += 1
  const line = lineEnd(text, start)
  const opened = QUOTE.exec(text.slice(start, start + 8))?.[0]
  if (/tokens$/i.test(place.name) && /^\d{1,9}(?![^\s,;)}\]])/.test(text.slice(start, start + 10)))
    return undefined
  if (opened !== undefined) {
    const inside = start + opened.length
    return worth(text, inside, closing(text, inside, opened) ?? line)
  }
  const block = blockOf(text, start, line)
  if (block !== undefined) return block
  if (place.separator === ">") return worth(text, start, firstOf(text, start, line, "<"))
  const around = quoteBefore(text, place)
  if (around !== undefined) return worth(text, start, closing(text, start, around) ?? line)
  if (place.kind === "header" || isEnvironmentLine(text, place)) return worth(text, start, line)
  const bracket = text.charAt(start) === "[" ? firstOf(text, start, line, "]") : start
  const end = wordEnd(text, bracket)
  const prose = place.separator === ":" && start > place.from
  return prose && isRemark(text.slice(start, Math.min(end, start + 40)), place.kind)
    ? undefined
    : worth(text, start, end)
}

const worth = (text: string, start: number, end: number): Extent | undefined => {
  const trailing = /[ \t\r]{1,8}$/.exec(text.slice(Math.max(start, end - 8), end))?.[0].length ?? 0
  const last = end - trailing
  return last <= start || NO_VALUE.test(trimmed(text.slice(start, Math.min(last, start + 100))))
    ? undefined
    : { start, end: last }
}

const isRemark = (word: string, kind: NameKind): boolean =>
  REMARK.test(trimmed(word)) || (kind === "weak" && /^[a-z]+[.,;:]?$/.test(word))

const trimmed = (value: string): string => value.replace(/[.,;)\]}]{1,4}$/, "")

/** The end of a quoted text on this line. A quote behind more backslashes than the opening one had is part of it. */
const closing = (text: string, from: number, opened: string): number | undefined => {
  const quote = opened.slice(-1)
  const line = lineEnd(text, from)
  for (let at = text.indexOf(quote, from); at >= 0 && at < line; at = text.indexOf(quote, at + 1)) {
    let slashes = 0
    while (at - slashes > from && text.charAt(at - slashes - 1) === "\\") slashes += 1
    // An even number more are escaped backslashes that end the value.
    const more = slashes - (opened.length - 1)
    if (opened.length === 1 ? slashes % 2 === 0 : more <= 0 || more % (2 * opened.length) === 0)
      return at - Math.min(slashes, opened.length - 1)
  }
  return undefined
}

/** The quote that was opened before the name: `"PASSWORD=…"`. */
const quoteBefore = (text: string, { nameStart, from }: ValuePlace): string | undefined => {
  const before = text.charAt(nameStart - 1)
  if (before !== '"' && before !== "'") return undefined
  if (text.slice(nameStart, from).includes(before)) return undefined
  const escaped = text.charAt(nameStart - 2) === "\\"
  return escaped ? `\\${before}` : before
}

/** `NAME=value with spaces`, alone on its line. */
const isEnvironmentLine = (text: string, { nameStart, from, separator }: ValuePlace): boolean => {
  if (separator !== "=") return false
  const near = text.slice(Math.max(0, nameStart - MAX_INDENT_CHARS), nameStart)
  const line = near.lastIndexOf("\n")
  if (line < 0 && nameStart > MAX_INDENT_CHARS) return false
  const name = text.slice(nameStart, from)
  return /^\s*(?:export |- |ENV |Environment=)?$/.test(near.slice(line + 1)) && /^[A-Z0-9_]+\s*=/.test(name)
}

/** A block of YAML: the lines that are indented deeper. */
const blockOf = (text: string, start: number, line: number): Extent | undefined => {
  if (!/^[|>][+-]?\d?[ \t]*$/.test(text.slice(start, Math.min(line, start + 8)))) return undefined
  const indent = indentOf(text, text.lastIndexOf("\n", start) + 1)
  let end = line
  while (end < text.length && indentOf(text, end + 1) > indent) end = lineEnd(text, end + 1)
  const first = line + 1
  return end > line ? worth(text, first + indentOf(text, first), end) : undefined
}

const indentOf = (text: string, lineStart: number): number => {
  let at = lineStart
  while (text.charAt(at) === " " || text.charAt(at) === "\t") at += 1
  return at - lineStart
}

const firstOf = (text: string, from: number, line: number, char: string): number => {
  const at = text.slice(from, line).indexOf(char)
  return at < 0 ? line : from + at
}

const wordEnd = (text: string, from: number): number => {
  let at = from
  while (at < text.length && !/\s/.test(text.charAt(at))) at += 1
  return at
}
