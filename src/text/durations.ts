import { cardinal } from "./normalise/number-words.ts"

const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** In seconds, by every spelling; "minute's" is what is heard of "an hour's timer". */
const UNITS: ReadonlyMap<string, number> = new Map(
  (
    [
      [1, "second seconds second's sec secs"],
      [MINUTE, "minute minutes minute's min mins"],
      [HOUR, "hour hours hour's hr hrs"],
      [DAY, "day days"],
    ] as const
  ).flatMap(([seconds, names]) => names.split(" ").map((name) => [name, seconds] as const)),
)
const ONES: ReadonlyMap<string, number> = new Map(
  Array.from({ length: 20 }, (_, value) => [cardinal(value), value]),
)
const TENS: ReadonlyMap<string, number> = new Map(
  [20, 30, 40, 50, 60, 70, 80, 90].map((value) => [cardinal(value), value]),
)
/** Beyond this it was the clock that was wrong, or it does not matter any more. */
const MOST_DAYS = 30
const DIGITS = /^(?:0|[1-9]\d{0,4})$/

type Words = readonly string[]

/** A value that was read, and where the words go on after it. */
interface Read {
  readonly value: number
  readonly next: number
}

/** Whether the word belongs to a length of time, so that it names nothing else. */
export function isDurationWord(word: string): boolean {
  return UNITS.has(word) || ONES.has(word) || TENS.has(word) || DIGITS.test(word) || FRACTIONS.has(word)
}

/**
 * The seconds that the words stand for, every one of them used: "ten minutes", "1 hour 30", "an hour and a half", "half
 * a minute", "three quarters of an hour". Undefined for anything else, and for a part of a second. The words are lower
 * case, without punctuation: "2.5 minutes" came apart before, and is refused rather than guessed at.
 */
export function parseDuration(words: Words): number | undefined {
  let seconds = 0
  let unit = Number.POSITIVE_INFINITY
  let at = 0
  while (at < words.length) {
    const joined = at > 0 && words[at] === "and"
    const part = readPart(words, joined ? at + 1 : at, { above: unit, joined })
    if (part === undefined) return undefined
    seconds += part.seconds
    unit = part.unit
    at = part.next
  }
  return at > 0 && Number.isInteger(seconds) ? seconds : undefined
}

interface Part {
  readonly seconds: number
  /** What follows must be of a smaller unit; 0: nothing may follow. */
  readonly unit: number
  readonly next: number
}

/** `above`: the unit before it, in seconds. `joined`: it follows "and". */
function readPart(
  words: Words,
  at: number,
  { above, joined }: { readonly above: number; readonly joined: boolean },
): Part | undefined {
  const fraction = readFraction(words, at)
  if (fraction !== undefined) {
    const unit = UNITS.get(words[skip(words, skip(words, fraction.next, "of"), "a", "an")] ?? "")
    const next = skip(words, skip(words, fraction.next, "of"), "a", "an") + 1
    if (unit !== undefined && unit < above) return { seconds: fraction.value * unit, unit: 0, next }
    // "an hour and a half"
    if (joined) return { seconds: fraction.value * above, unit: 0, next: fraction.next }
  }
  const number = readNumber(words, at)
  if (number === undefined) return undefined
  const mixed = withFraction(words, number)
  const unit = UNITS.get(words[mixed.next] ?? "")
  if (unit !== undefined) {
    return unit < above ? { seconds: mixed.value * unit, unit, next: mixed.next + 1 } : undefined
  }
  // "one hour thirty": of the next smaller unit, and the last word.
  const isLast = number.next === words.length && number.value < 60
  return isLast && (above === HOUR || above === MINUTE)
    ? { seconds: (number.value * above) / 60, unit: 0, next: number.next }
    : undefined
}

const FRACTIONS: ReadonlyMap<string, number> = new Map([
  ["half", 1 / 2],
  ["quarter", 1 / 4],
  ["quarters", 1 / 4],
])

/** "half", "a quarter", "three quarters". */
function readFraction(words: Words, at: number): Read | undefined {
  const isThree = words[at] === "three" || words[at] === "3"
  const from = isThree ? at + 1 : skip(words, at, "a")
  const word = words[from] ?? ""
  const value = FRACTIONS.get(word)
  if (value === undefined || (word === "quarters") !== isThree) return undefined
  return { value: isThree ? 3 * value : value, next: from + 1 }
}

/** "two and a half" of the unit that follows. */
function withFraction(words: Words, number: Read): Read {
  if (words[number.next] !== "and") return number
  const fraction = readFraction(words, number.next + 1)
  if (fraction === undefined || !UNITS.has(words[fraction.next] ?? "")) return number
  return { value: number.value + fraction.value, next: fraction.next }
}

/** "10", "ten", "twenty five", "a", "a hundred and twenty", "a couple of". */
function readNumber(words: Words, at: number): Read | undefined {
  const word = words[at] ?? ""
  if (DIGITS.test(word)) return { value: Number(word), next: at + 1 }
  const isArticle = word === "a" || word === "an"
  if (isArticle && words[at + 1] === "couple") return { value: 2, next: skip(words, at + 2, "of") }
  const small: Read | undefined = isArticle ? { value: 1, next: at + 1 } : readSmall(words, at)
  if (small === undefined || words[small.next] !== "hundred" || small.value < 1 || small.value > 9)
    return small
  const hundreds = 100 * small.value
  const rest = readSmall(words, skip(words, small.next + 1, "and"))
  return rest === undefined
    ? { value: hundreds, next: small.next + 1 }
    : { value: hundreds + rest.value, next: rest.next }
}

/** 0 to 99 in words. */
function readSmall(words: Words, at: number): Read | undefined {
  const tens = TENS.get(words[at] ?? "")
  const ones = ONES.get(words[tens === undefined ? at : at + 1] ?? "")
  if (tens === undefined) return ones === undefined ? undefined : { value: ones, next: at + 1 }
  return ones === undefined || ones < 1 || ones > 9
    ? { value: tens, next: at + 1 }
    : { value: tens + ones, next: at + 2 }
}

const skip = (words: Words, at: number, ...skipped: readonly string[]): number =>
  skipped.includes(words[at] ?? "") ? at + 1 : at

/** A whole number of seconds, in full: "one hour, ten minutes and five seconds". */
export function durationWords(seconds: number): string {
  const parts = [
    count(Math.floor(seconds / HOUR), "hour"),
    count(Math.floor((seconds % HOUR) / MINUTE), "minute"),
    count(seconds % MINUTE, "second"),
  ].filter((part) => part !== "")
  const last = parts.pop() ?? "no time"
  return parts.length === 0 ? last : `${parts.join(", ")} and ${last}`
}

/** How long is left, as exactly as anybody wants to know: to the minute from one hour on. More than nothing. */
export function timeLeftWords(ms: number): string {
  const seconds = Math.max(1, Math.ceil(ms / 1000))
  return durationWords(seconds < HOUR ? seconds : Math.round(seconds / MINUTE) * MINUTE)
}

/** How long ago, roughly: "a minute", "twenty minutes", "two hours", "three days", and then just long. */
export function roughlyWords(ms: number): string {
  const minutes = Math.round(ms / (MINUTE * 1000))
  if (minutes <= 1) return "a minute"
  if (minutes < 90) return count(minutes, "minute")
  const hours = Math.round(minutes / 60)
  if (hours > MOST_DAYS * 24) return "a long time"
  return hours < 36 ? count(hours, "hour") : count(Math.round(hours / 24), "day")
}

/** As it stands before a noun: "ten minute", "ninety second", "one hour thirty minute". */
export function durationAdjective(seconds: number): string {
  if (seconds <= 2 * MINUTE && seconds % MINUTE !== 0) return `${cardinal(seconds)} second`
  if (seconds < 2 * HOUR && seconds % MINUTE === 0 && seconds !== HOUR)
    return `${cardinal(seconds / MINUTE)} minute`
  return [
    [Math.floor(seconds / HOUR), "hour"] as const,
    [Math.floor((seconds % HOUR) / MINUTE), "minute"] as const,
    [seconds % MINUTE, "second"] as const,
  ]
    .filter(([amount]) => amount > 0)
    .map(([amount, unit]) => `${cardinal(amount)} ${unit}`)
    .join(" ")
}

function count(amount: number, unit: string): string {
  if (amount === 0) return ""
  return `${cardinal(amount)} ${unit}${amount === 1 ? "" : "s"}`
}
