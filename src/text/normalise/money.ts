import { cardinal, isOne, numberWords } from "./number-words.ts"
import { type Rule, rewrite } from "./rule.ts"

interface Currency {
  readonly one: string
  readonly many: string
  /** Of the hundredth part; "" where there is none. */
  readonly oneCent: string
  readonly manyCents: string
}

const DOLLAR: Currency = { one: "dollar", many: "dollars", oneCent: "cent", manyCents: "cents" }
const EURO: Currency = { one: "euro", many: "euros", oneCent: "cent", manyCents: "cents" }
const POUND: Currency = { one: "pound", many: "pounds", oneCent: "penny", manyCents: "pence" }
const YEN: Currency = { one: "yen", many: "yen", oneCent: "", manyCents: "" }

const CURRENCIES: Readonly<Record<string, Currency>> = {
  $: DOLLAR,
  "€": EURO,
  "£": POUND,
  "¥": YEN,
  USD: DOLLAR,
  EUR: EURO,
  GBP: POUND,
  JPY: YEN,
}

const AMOUNT = String.raw`((?:\d{1,3}(?:,\d{3}){1,4}|\d{1,15})(?:\.\d{1,4})?)`
const SCALE = String.raw`(?: ?(million|billion|trillion|thousand|[kKMB](?![\w])))?`
const SCALES: Readonly<Record<string, string>> = { k: "thousand", K: "thousand", M: "million", B: "billion" }

const RULES: readonly Rule[] = [
  [
    new RegExp(String.raw`([$€£¥])${AMOUNT} ?[–-] ?[$€£¥]?${AMOUNT}(?![\d,.]\d)`, "g"),
    (_, sign = "", from = "", to = "") => `${numberWords(from)} to ${amount(sign, to)}`,
  ],
  [
    new RegExp(`([$€£¥]) ?${AMOUNT}${SCALE}`, "g"),
    (_, sign = "", value = "", scale) => amount(sign, value, scale),
  ],
  [
    new RegExp(String.raw`(?<![\w.,])${AMOUNT} ?([€£¥]|(?:USD|EUR|GBP|JPY)\b)`, "g"),
    (_, value = "", sign = "") => amount(sign, value),
  ],
]

/** Reads amounts of money: "$3.50" → "three dollars and fifty cents". */
export function readMoney(text: string): string {
  return rewrite(text, RULES)
}

function amount(sign: string, value: string, scale?: string): string {
  const currency = CURRENCIES[sign] ?? DOLLAR
  if (scale !== undefined) return `${numberWords(value)} ${SCALES[scale] ?? scale} ${currency.many}`
  const [whole = "", cents] = value.split(".")
  if (cents?.length !== 2 || currency.manyCents === "") {
    return `${numberWords(value)} ${isOne(value) ? currency.one : currency.many}`
  }
  const units = `${numberWords(whole)} ${isOne(whole) ? currency.one : currency.many}`
  if (Number(cents) === 0) return units
  const parts = `${cardinal(Number(cents))} ${Number(cents) === 1 ? currency.oneCent : currency.manyCents}`
  return Number(whole) === 0 ? parts : `${units} and ${parts}`
}
