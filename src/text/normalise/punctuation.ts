import { type Rule, rewrite } from "./rule.ts"

/** From the mark that ends most to the one that ends least: of several in a row the first of these is kept. */
const BY_STRENGTH = ["?", "!", ".", ":", ";", ","]

const TO_ALPHABET: readonly Rule[] = [
  [/\s[–—-]{1,3}\s|[–—]|--/g, ", "],
  [/[()[\]{}|]/g, ", "],
  [/[^\p{L}\p{M}\s.,!?;:']/gu, " "],
  [/(?<![\p{L}\p{M}])'|'(?![\p{L}\p{M}])/gu, ""],
]

const TIDY: readonly Rule[] = [
  [/\s+/g, " "],
  [/ ?[.,!?;:][ .,!?;:]*(\p{Ll})?/gu, (run, next) => `${mark(run, next !== undefined)} ${next ?? ""}`],
  [/^[ .,!?;:]+| +$/g, ""],
]

/** Reduces text to letters, whitespace, apostrophes inside words and the six marks that make a pause. */
export function toSpeechAlphabet(text: string): string {
  return rewrite(text, TO_ALPHABET)
}

/** One mark at a time, each followed by a space; none at the start. */
export function tidyPunctuation(text: string): string {
  return rewrite(text, TIDY).normalize("NFC")
}

/** An ellipsis before a small letter is only a pause. */
function mark(run: string, goesOn: boolean): string {
  const strongest = BY_STRENGTH.find((candidate) => run.includes(candidate)) ?? "."
  return strongest === "." && goesOn && run.includes("..") ? "," : strongest
}
