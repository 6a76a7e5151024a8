import { cardinal } from "./normalise/number-words.ts"

/** 0–23 and 0–59. */
export interface TimeOfDay {
  readonly hour: number
  readonly minute: number
}

export type HourFormat = 12 | 24

/** How a time is said: "ten thirty", "two oh five", "noon"; with 24 hours "fourteen thirty", "fourteen hundred". */
export function clockWords({ hour, minute }: TimeOfDay, format: HourFormat): string {
  if (minute === 0 && hour === 0) return "midnight"
  if (minute === 0 && hour === 12) return "noon"
  if (format === 24) return twentyFourHours(hour, minute)
  const onFace = cardinal(hour % 12 === 0 ? 12 : hour % 12)
  return minute === 0 ? `${onFace} o'clock` : `${onFace} ${minutes(minute)}`
}

function twentyFourHours(hour: number, minute: number): string {
  if (hour === 0) return minute === 30 ? "half past midnight" : `${cardinal(minute)} past midnight`
  if (minute === 0) return hour < 12 ? `${cardinal(hour)} o'clock` : `${cardinal(hour)} hundred`
  return `${cardinal(hour)} ${minutes(minute)}`
}

function minutes(minute: number): string {
  return minute < 10 ? `oh ${cardinal(minute)}` : cardinal(minute)
}
