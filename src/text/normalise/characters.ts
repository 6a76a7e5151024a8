import { type Rule, rewrite } from "./rule.ts"

const VULGAR_FRACTIONS: Readonly<Record<string, string>> = {
  "½": "1/2",
  "⅓": "1/3",
  "⅔": "2/3",
  "¼": "1/4",
  "¾": "3/4",
  "⅛": "1/8",
}

/** What compatibility normalisation would ruin: "ℹ" must not become "i", nor "10²" become "102". */
const BEFORE_FOLDING: readonly Rule[] = [
  [/\r\n?|[\u0085\u2028\u2029]/g, "\n"],
  [/\p{Extended_Pictographic}/gu, " "],
  [/²/g, "^2"],
  [/³/g, "^3"],
  [/(\d?)([½⅓⅔¼¾⅛])/g, (_, whole = "", part = "") => `${whole && `${whole} and `}${VULGAR_FRACTIONS[part]}`],
  // A space that does not break groups thousands.
  [/(?<=\d)[\u00A0\u202F\u2009](?=\d{3}(?!\d))/g, ","],
  [/…/g, "..."],
  // Control, bidirectional and other invisible characters; enclosing marks (keycaps) and emoji variation selectors.
  [/[^\P{C}\n\t]|\p{Me}|\p{Variation_Selector}/gu, ""],
]

const AFTER_FOLDING: readonly Rule[] = [
  [/[\u2018\u2019\u02BC`´](?=(?:s|t|d|m|re|ve|ll)\b)/g, "'"],
  [/[\u2018\u2019\u02BC]/g, "'"],
  [/[\u2010-\u2012\uFE63]/g, "-"],
  [/[\u2212]/g, "−"],
  [/\u2044/g, "/"],
]

/** Plain characters: no emoji, nothing invisible, one form for each letter, digit, quote and dash. */
export function plainCharacters(text: string): string {
  return rewrite(rewrite(text, BEFORE_FOLDING).normalize("NFKC"), AFTER_FOLDING)
}
