const ONES =
  "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split(
    " ",
  )
const TENS = "- - twenty thirty forty fifty sixty seventy eighty ninety".split(" ")
const SCALES = [
  [1e12, "trillion"],
  [1e9, "billion"],
  [1e6, "million"],
  [1e3, "thousand"],
  [100, "hundred"],
] as const
const IRREGULAR_ORDINALS: Readonly<Record<string, string>> = {
  one: "first",
  two: "second",
  three: "third",
  five: "fifth",
  eight: "eighth",
  nine: "ninth",
  twelve: "twelfth",
}
/** Beyond this many digits a number is read digit by digit: nobody follows "quadrillion". */
const MAX_CARDINAL_DIGITS = 15

/** 1024 → "one thousand twenty four". A whole number from 0 to 10¹⁵ − 1. */
export function cardinal(value: number): string {
  for (const [scale, name] of SCALES) {
    if (value < scale) continue
    const rest = value % scale
    const head = `${cardinal(Math.floor(value / scale))} ${name}`
    return rest === 0 ? head : `${head} ${cardinal(rest)}`
  }
  if (value < 20) return ONES[value] ?? ""
  const ones = value % 10
  const tens = TENS[Math.floor(value / 10)] ?? ""
  return ones === 0 ? tens : `${tens} ${ONES[ones]}`
}

/** 21 → "twenty first". */
export function ordinal(value: number): string {
  const words = cardinal(value).split(" ")
  const last = words.pop() ?? ""
  const suffixed = last.endsWith("y") ? `${last.slice(0, -1)}ieth` : `${last}th`
  return [...words, IRREGULAR_ORDINALS[last] ?? suffixed].join(" ")
}

/** 1999 → "nineteen ninety nine", 2005 → "two thousand five". From 1000 to 9999. */
export function year(value: number): string {
  const century = Math.floor(value / 100)
  const rest = value % 100
  if (century % 10 === 0 && rest < 10) return cardinal(value)
  if (rest === 0) return `${cardinal(century)} hundred`
  return `${cardinal(century)} ${rest < 10 ? `oh ${cardinal(rest)}` : cardinal(rest)}`
}

/** "1990" → "nineteen nineties", "90" → "nineties". */
export function decade(value: number): string {
  const words = (value < 100 ? cardinal(value) : year(value)).split(" ")
  const last = words.pop() ?? ""
  return [...words, last.endsWith("y") ? `${last.slice(0, -1)}ies` : `${last}s`].join(" ")
}

/** "404" → "four zero four". */
export function digits(text: string): string {
  return [...text].map((digit) => ONES[Number(digit)]).join(" ")
}

/** A written number, "1,024" or "3.14", as words: "one thousand twenty four", "three point one four". */
export function numberWords(written: string): string {
  const [whole = "", fraction] = written.replaceAll(",", "").split(".")
  const spokenDigitwise = whole.length > MAX_CARDINAL_DIGITS || /^0\d/.test(whole)
  const words = spokenDigitwise ? digits(whole) : cardinal(Number(whole))
  return fraction === undefined || fraction === "" ? words : `${words} point ${digits(fraction)}`
}

/** The parts of a version: "24.04" → "twenty four point zero four". */
export function versionWords(written: string): string {
  return written.split(".").map(numberWords).join(" point ")
}

/** Written as 1, 1.0 or 1.00 or not: decides between "one dollar" and "two dollars". */
export function isOne(written: string): boolean {
  return written === "1"
}
