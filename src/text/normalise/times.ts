import { clockWords } from "../clock-words.ts"
import { cardinal, numberWords } from "./number-words.ts"
import { type Rule, rewrite } from "./rule.ts"

const MERIDIEM = String.raw`([ap])\.?m(?:\.(?=\W|$)|(?![\w.]))`

const RULES: readonly Rule[] = [
  [
    new RegExp(String.raw`(?<![\d:.,])(1[0-2]|0?[1-9])(?::([0-5]\d))? ?${MERIDIEM}`, "gi"),
    (_, hour, minute, half = "") => halfDayTime(Number(hour) % 12, Number(minute ?? 0), half.toLowerCase()),
  ],
  // "14:30", "14:30:15", "14:30:15.250Z", "14:30+02:00"
  [
    /(?<![\d:.,])([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:\.\d{1,9})?)?(Z\b|[+-]\d{2}:\d{2}\b)?(?!:?\d)/g,
    (_, hour, minute, second, zone) => {
      const spoken = clockWords({ hour: Number(hour), minute: Number(minute) }, 24)
      const seconds = Number(second ?? 0) === 0 ? "" : ` and ${count(Number(second), "second")}`
      return `${spoken}${seconds}${zone === "Z" ? " UTC" : ""}`
    },
  ],
  // "2h 30m", "1h30", "5m 30s": here m is minutes.
  [
    /(?<![\w.,])(\d{1,4}) ?h ?(\d{1,2})(?: ?m(?:in)?)?(?: ?(\d{1,2}) ?s)?(?![\w.])/g,
    (_, h, m, s) => durations([Number(h), "hour"], [Number(m), "minute"], [Number(s ?? 0), "second"]),
  ],
  [
    /(?<![\w.,])(\d{1,4}) ?m(?:in)? ?(\d{1,2}) ?s(?:ec)?(?!\w)/g,
    (_, m, s) => durations([Number(m), "minute"], [Number(s), "second"]),
  ],
  [/\b24\/7\b/g, "twenty four seven"],
  [
    /(?<![\w.,:])(\d{1,4}):(\d{1,4})(?![\w:])/g,
    (_, a = "", b = "") => `${numberWords(a)} to ${numberWords(b)}`,
  ],
]

/** Reads times of day, durations with units in a row, and ratios ("16:9"). */
export function readTimes(text: string): string {
  return rewrite(text, RULES)
}

function halfDayTime(hour: number, minute: number, half: string): string {
  const time = { hour: half === "p" ? hour + 12 : hour, minute }
  const spoken = clockWords(time, 12).replace(" o'clock", "")
  return minute === 0 && hour === 0 ? spoken : `${spoken} in the ${partOfDay(time.hour)}`
}

function partOfDay(hour: number): string {
  if (hour < 12) return "morning"
  return hour < 18 ? "afternoon" : "evening"
}

function durations(...parts: readonly (readonly [number, string])[]): string {
  return parts
    .filter(([amount]) => amount > 0)
    .map(([amount, unit]) => count(amount, unit))
    .join(" ")
}

function count(amount: number, unit: string): string {
  return `${cardinal(amount)} ${unit}${amount === 1 ? "" : "s"}`
}
