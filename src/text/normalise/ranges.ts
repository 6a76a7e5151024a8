import { digits } from "./number-words.ts"
import { type Rule, rewrite } from "./rule.ts"

const RULES: readonly Rule[] = [
  // Telephone numbers have the look of a range.
  [
    /(?<![\w.,-])(?:\+(\d{1,3})[ -])?(?:\((\d{3})\) ?|(\d{3})-)(\d{3})-(\d{4})(?![\w-])/g,
    (_, country, area, area2, a = "", b = "") =>
      [country, area ?? area2, a, b]
        .filter((part) => part !== undefined)
        .map(digits)
        .join(", "),
  ],
  [/(?<![\w.,-])(\d{3})-(\d{4})(?![\w-])/g, (_, a = "", b = "") => `${digits(a)}, ${digits(b)}`],
  [/(?<=(?<![\w.$€£¥-])[\d.,:]{1,15}) ?– ?(?=\d)/g, " to "],
  // Not inside a name: "3-2" is a range, "llama-3-2" and "3.2-1B" are not.
  [/(?<=(?<![\w.$€£¥-])[\d.,:]{1,15}%?)-(?=[\d.,:]{1,15}(?![\w-]*[_-])(?!\w*\d[A-Za-z]))/g, " to "],
  [/(?<![^\s(=:])[-−](?=[\d$€£¥])/g, "minus "],
]

/** "5-10 GB" → "5 to 10 GB", "-5" → "minus 5"; telephone numbers digit by digit. Leaves figures for later passes. */
export function readRanges(text: string): string {
  return rewrite(text, RULES)
}
