import { digits } from "./number-words.ts"
import { spell } from "./numerals.ts"
import { type Rule, rewrite } from "./rule.ts"

/** As many characters of a hash as a person can compare by ear. */
const SPOKEN_HASH_CHARS = 4

const HASHES: readonly Rule[] = [
  [
    /(?<![\w-])(?:sha\d{1,3}:)?(?=[\da-f-]{0,40}\d)(?=[\da-f-]{0,40}[a-f])([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}|[\da-f]{12,128})(?![\w-])/gi,
    (_, hash = "") => `an identifier that starts with ${spell(hash.slice(0, SPOKEN_HASH_CHARS))}`,
  ],
]

const RULES: readonly Rule[] = [
  [/(?<=\w)\(\)/g, ""],
  // Flags: "--json", "-v".
  [/(?<![^\s("'`])--(?=[a-z])/gi, "dash dash "],
  [/(?<![^\s("'`])-(?=[a-z])/gi, "dash "],
  // Letters and figures apart; a long figure inside a name is read by its digits ("sha256"), a short one as a number.
  [/(?<=\p{L}[_-]?)\d{3,20}(?![\d.])/gu, (run) => ` ${digits(run)} `],
  [/(?<=\p{L})[_-]{0,2}(?=\d)|(?<=\d)[_-]{0,2}(?=\p{L})/gu, " "],
  [/(?<=[\p{L}\p{N}])[_-](?=[\p{L}\p{N}])/gu, " "],
  [/_/g, " "],
]

/** Reads the beginning of hashes and UUIDs; before anything takes their figures for numbers. */
export function readHashes(text: string): string {
  return rewrite(text, HASHES)
}

/** Reads names of the snake_case, kebab-case and n8n kind, and flags. */
export function readIdentifiers(text: string): string {
  return rewrite(text, RULES)
}
