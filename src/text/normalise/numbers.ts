import { cardinal, digits, numberWords, ordinal, year } from "./number-words.ts"
import { type Rule, rewrite } from "./rule.ts"

const NUMBER = String.raw`(?<![\d.,])(\d{1,3}(?:,\d{3}){1,4}(?:\.\d{1,12})?(?!\d)|\d{1,15}(?!\d)(?:\.\d{1,12}(?!\d))?)`
const YEAR_BEFORE =
  "in|since|by|until|till|before|after|from|during|of|year|early|late|around|circa|january|february|march|april|may|june|july|august|september|october|november|december"

const RULES: readonly Rule[] = [
  [/−(?=\s?\d)/g, " minus "],
  [/\+(?=\d)/g, " plus "],
  [
    /(?<![\w.,/])(?:(\d{1,6}) )?(\d{1,3})\/(\d{1,3})(?![\w/]|[.,]\d)/g,
    (_, whole, over, under) => fraction(Number(over), Number(under), whole),
  ],
  // A year by what stands before it, or by its looks unless it counts something ("2000 people" is caught by neither).
  [
    new RegExp(
      String.raw`\b((?:${YEAR_BEFORE}) |to (?=20))(1[1-9]\d\d|20\d\d)(?![\w,.]?\d|\w| \p{L}{2,20}s\b)`,
      "giu",
    ),
    (_, before = "", value) => `${before}${year(Number(value))}`,
  ],
  [
    /(?<![\p{L}\p{N}.,:'$-])(19\d\d|20[0-3]\d)(?![\p{L}\p{N}]|[.,]\d| \p{L}{2,20}s\b)/gu,
    (_, value) => year(Number(value)),
  ],
  [new RegExp(NUMBER, "g"), (_, value = "") => ` ${numberWords(value)} `],
  [/\d{1,200}/g, (run) => ` ${digits(run)} `],
]

/** Reads all numbers that are left, as words: no figure remains, so nothing depends on how a phonemizer reads one. */
export function readNumbers(text: string): string {
  return rewrite(text, RULES)
}

/** 3 over 4 → "three quarters"; what has no such name is "three over twenty five". */
function fraction(over: number, under: number, whole: string | undefined): string {
  const isNamed = over > 0 && under >= 2 && under <= 20
  const spoken = isNamed
    ? `${cardinal(over)} ${partName(under, over === 1)}`
    : `${cardinal(over)} over ${cardinal(under)}`
  return whole === undefined ? spoken : `${numberWords(whole)} and ${spoken}`
}

function partName(under: number, isSingle: boolean): string {
  if (under === 2) return isSingle ? "half" : "halves"
  const name = under === 4 ? "quarter" : ordinal(under)
  return isSingle ? name : `${name}s`
}
