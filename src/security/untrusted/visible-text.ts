import { withoutEscapeSequences } from "./escape-sequences.ts"

const LINE_END = /\r\n|[\r\v\f\u0085\u2028\u2029]/g
/** Combining marks of one character beyond these are there to be in the way. */
const MARK_PILE = /(\p{M}{3})\p{M}+/gu
/**
 * Control and format characters, those that are drawn as nothing (zero width, bidirectional, tags, variation selectors,
 * fillers), private and unassigned ones, and halves of surrogate pairs.
 */
const INVISIBLE = /[\p{Cf}\p{Default_Ignorable_Code_Point}\p{Co}\p{Cn}\p{Surrogate}\u2800]/gu
const CONTROL = /[^\P{Cc}\n]/gu
const ODD_SPACE = /[\t\p{Zs}]/gu
const UNREADABLE = /\ufffd+/g

/**
 * The text that a reader would see, lines ended by line feeds: UTF-8 where it is valid, no terminal sequences, no
 * invisible characters. Linear in its input.
 */
export const visibleText = (input: Uint8Array | string): string => {
  const text = typeof input === "string" ? input : new TextDecoder().decode(input)
  return (
    withoutEscapeSequences(text)
      .replace(LINE_END, "\n")
      .replace(ODD_SPACE, " ")
      .replace(CONTROL, "")
      .replace(INVISIBLE, "")
      // After what is invisible is gone: what it kept apart is together now.
      .replace(MARK_PILE, "$1")
      .replace(UNREADABLE, "\ufffd")
  )
}
