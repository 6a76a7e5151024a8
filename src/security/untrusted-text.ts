import * as Effect from "effect/Effect"
import type { Redactor } from "../ports/redaction.ts"
import { boundedLines, type TextLimits } from "./untrusted/bounded-lines.ts"
import { harmlessMarkup } from "./untrusted/harmless-markup.ts"
import { visibleText } from "./untrusted/visible-text.ts"

/**
 * Text of somebody else, such as a log, made fit to be shown: only what can be seen, no marks of chat templates, the end
 * of it within the limits. Still not to be believed, and with its secrets: see `redactUntrusted`. Linear in its input.
 */
export const cleanUntrusted = (input: Uint8Array | string, limits: TextLimits): string =>
  boundedLines(harmlessMarkup(visibleText(input)), limits)

export interface UntrustedLimits extends TextLimits {
  /** The text was cut somewhere in its first line: the line is dropped, since it may hold half a secret. */
  readonly cutAtStart?: boolean | undefined
}

/**
 * The same without its secrets. They are taken out in between: before, colours could be inside them; afterwards, the
 * limits could have cut them in two.
 */
export const redactUntrusted = (
  input: Uint8Array | string,
  redactor: Redactor,
  { cutAtStart = false, ...limits }: UntrustedLimits,
): Effect.Effect<string> => {
  const visible = visibleText(input)
  const whole = cutAtStart ? visible.slice(afterFirstLine(visible)) : visible
  return Effect.map(redactor.redact(whole), (redacted) => boundedLines(harmlessMarkup(redacted), limits))
}

const afterFirstLine = (text: string): number => {
  const end = text.indexOf("\n")
  return end < 0 ? text.length : end + 1
}
