import { decade, digits, numberWords, ordinal } from "./number-words.ts"
import { type Rule, rewrite } from "./rule.ts"

const RULES: readonly Rule[] = [
  [
    /(?<![\w.,])(\d{1,15}(?:\.\d{1,12})?)e([+-]?)(\d{1,4})(?![\w.])/gi,
    (_, value = "", sign, power = "") =>
      `${numberWords(value)} times ten to the ${sign === "-" ? "minus " : ""}${numberWords(power)}`,
  ],
  [/(?<!\w)0x([\da-f]{1,16})(?!\w)/gi, (_, hex = "") => `hex ${spell(hex)}`],
  [
    /(?<![\w.,])(\d{1,5}) ?[x×] ?(\d{1,5})(?!\w)/g,
    (whole, a = "", b = "") => `${numberWords(a)} ${whole.includes("x") ? "by" : "times"} ${numberWords(b)}`,
  ],
  [/(?<![\w.,])'?(\d0|1[1-9]\d0|20\d0)s\b/g, (_, value) => decade(Number(value))],
  [/(?<![\w.,])(\d{1,9})(?:st|nd|rd|th)\b/gi, (_, value) => ordinal(Number(value))],
]

/** Reads figures whose letters are no unit: ordinals, decades, powers of ten, hexadecimal, "1920x1080". */
export function readNumerals(text: string): string {
  return rewrite(text, RULES)
}

/** Letters and figures one by one; a lone "a" would be read as the article. */
export function spell(written: string): string {
  const name = (char: string) => (/\d/.test(char) ? digits(char) : char === "a" ? "ay" : char)
  return [...written.toLowerCase()].map(name).join(" ")
}
