import { MONTHS } from "../calendar-words.ts"
import { ordinal, year } from "./number-words.ts"
import { type Rule, rewrite } from "./rule.ts"

const MONTH = "(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)(?:[a-z]{0,6})"
const DAY = String.raw`(\d{1,2})(?:st|nd|rd|th)?`
const YEAR = String.raw`(?:,? ([12]\d{3})(?![\d:.,]\d|\d))?`

const RULES: readonly Rule[] = [
  // 2024-03-05, with or without "T14:30" or " 14:30": the time is read by the rules for times.
  [
    /(?<![\w-])(\d{4})-(\d{2})-(\d{2})(?:[T ](?=\d{1,2}:\d{2}))?(?!-?\d{3}|-\d)/g,
    (whole, y, m, d) => {
      const spoken = dateWords(Number(d), Number(m), Number(y))
      if (spoken === undefined) return whole
      return /[T ]$/.test(whole) ? `${spoken} at ` : spoken
    },
  ],
  // 3/5/2024 is month first, as the voice is American, unless that cannot be.
  [
    /(?<![\w/.])(\d{1,2})\/(\d{1,2})\/(\d{4})(?![\w/])/g,
    (whole, a, b, y) =>
      dateWords(Number(b), Number(a), Number(y)) ?? dateWords(Number(a), Number(b), Number(y)) ?? whole,
  ],
  [
    new RegExp(String.raw`\b${MONTH}\.? ${DAY}\b(?![:.,]\d)${YEAR}`, "g"),
    (whole, month = "", d, y) => dateWords(Number(d), monthNumber(month, whole), optional(y)) ?? whole,
  ],
  [
    new RegExp(String.raw`(?<![\w.,:/-])${DAY} ${MONTH}\b\.?${YEAR}`, "g"),
    (whole, d, month = "", y) => dateWords(Number(d), monthNumber(month, whole), optional(y)) ?? whole,
  ],
]

/** Reads dates: ISO, American with slashes, and month names with a day. */
export function readDates(text: string): string {
  return rewrite(text, RULES)
}

/** "March fifth, twenty twenty four"; undefined where there is no such day. */
function dateWords(day: number, month: number, inYear?: number): string | undefined {
  const name = MONTHS[month - 1]
  if (name === undefined || day < 1 || day > 31) return undefined
  const spoken = `${name} ${ordinal(day)}`
  return inYear === undefined ? spoken : `${spoken}, ${year(inYear)}`
}

/** 0 where the word only begins like a month ("Marble"). */
function monthNumber(prefix: string, whole: string): number {
  const word = /[A-Z][a-z]+/.exec(whole)?.[0] ?? ""
  const index = MONTHS.findIndex((name) => name.startsWith(prefix.slice(0, 3)))
  return word === prefix || word === MONTHS[index] ? index + 1 : 0
}

function optional(written: string | undefined): number | undefined {
  return written === undefined ? undefined : Number(written)
}
