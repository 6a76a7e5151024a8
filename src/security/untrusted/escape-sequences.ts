const ESC = 0x1b
const BEL = 0x07
/** String terminator of one character (C1). */
const ST = 0x9c
const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d
/** C1: CSI, and the beginnings of strings: DCS, SOS, OSC, PM, APC. */
const CSI = 0x9b
const STRINGS = new Set([0x90, 0x98, 0x9d, 0x9e, 0x9f])
/** The same after an escape: `P`, `X`, `]`, `^`, `_`. */
const ESCAPED_STRINGS = new Set([0x50, 0x58, 0x5d, 0x5e, 0x5f])
const OPENING_BRACKET = 0x5b
const BACKSLASH = 0x5c

/**
 * Takes whole terminal sequences out (ECMA-48): colours, cursor movements, and strings such as titles and links, in
 * which a text could hide. A string that is not ended ends with its line, so that it hides no other.
 */
export const withoutEscapeSequences = (text: string): string => {
  let out = ""
  let from = 0
  for (let at = 0; at < text.length; ) {
    const end = sequenceEnd(text, at)
    if (end === at) {
      at += 1
      continue
    }
    out += text.slice(from, at)
    at = end
    from = end
  }
  return out + text.slice(from)
}

/** `at` itself where no sequence begins there. */
const sequenceEnd = (text: string, at: number): number => {
  const unit = text.charCodeAt(at)
  if (unit === CSI) return controlEnd(text, at + 1)
  if (STRINGS.has(unit)) return stringEnd(text, at + 1)
  if (unit !== ESC) return at
  const next = text.charCodeAt(at + 1)
  if (next === OPENING_BRACKET) return controlEnd(text, at + 2)
  if (ESCAPED_STRINGS.has(next)) return stringEnd(text, at + 2)
  const end = skip(text, at + 1, 0x20, 0x2f)
  return isIn(text.charCodeAt(end), 0x30, 0x7e) ? end + 1 : end
}

/** Parameters, intermediates, one final character. */
const controlEnd = (text: string, from: number): number => {
  const end = skip(text, skip(text, from, 0x30, 0x3f), 0x20, 0x2f)
  return isIn(text.charCodeAt(end), 0x40, 0x7e) ? end + 1 : end
}

const stringEnd = (text: string, from: number): number => {
  for (let at = from; at < text.length; at += 1) {
    const unit = text.charCodeAt(at)
    if (unit === BEL || unit === ST) return at + 1
    if (unit === LINE_FEED || unit === CARRIAGE_RETURN) return at
    if (unit === ESC) return text.charCodeAt(at + 1) === BACKSLASH ? at + 2 : at
  }
  return text.length
}

const skip = (text: string, from: number, low: number, high: number): number => {
  let at = from
  while (isIn(text.charCodeAt(at), low, high)) at += 1
  return at
}

const isIn = (unit: number, low: number, high: number): boolean => unit >= low && unit <= high
