import type { HourFormat } from "../../text/clock-words.ts"
import type { LocalTime } from "../../text/phrase-replies.ts"

export interface TimeSettings {
  /** IANA name; absent means the system's. */
  readonly zone: string | undefined
  readonly hourFormat: "auto" | "12h" | "24h"
}

/** A moment of the wall clock as a person in that zone would read it. */
export const localTime = (moment: Date, { zone, hourFormat }: TimeSettings): LocalTime => {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    hourCycle: "h23",
    weekday: "short",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
  })
  const parts = new Map(format.formatToParts(moment).map(({ type, value }) => [type, value]))
  const number = (type: Intl.DateTimeFormatPartTypes): number => Number(parts.get(type) ?? 0)
  return {
    hour: number("hour"),
    minute: number("minute"),
    weekday: WEEKDAYS.indexOf(parts.get("weekday") ?? ""),
    day: number("day"),
    month: number("month"),
    year: number("year"),
    hourFormat: hourFormat === "auto" ? systemHourFormat() : hourFormat === "24h" ? 24 : 12,
  }
}

const WEEKDAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]

const systemHourFormat = (): HourFormat =>
  new Intl.DateTimeFormat(undefined, { hour: "numeric" }).resolvedOptions().hour12 === false ? 24 : 12
