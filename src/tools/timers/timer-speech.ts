import { durationAdjective, durationWords, roughlyWords, timeLeftWords } from "../../text/durations.ts"
import { cardinal } from "../../text/normalise/number-words.ts"
import type { CancelResult, RunningTimer, SetResult } from "./timer.ts"
import { MAX_TIMERS, type Timer, type TimerFilter } from "./timer.ts"

/** What rings later than this after its end says so. */
const LATE_MS = 60_000
/** More than these nobody remembers from hearing them once. */
const MOST_LISTED = 4

/** "pasta timer", "ten minute timer". */
const nameOf = ({ label, seconds }: Timer): string => `${label ?? durationAdjective(seconds)} timer`

export const ringText = (timer: Timer, lateMs: number): string => `Your ${nameOf(timer)} ${ended(lateMs)}.`

/** The same without the words that the user chose. */
export const ringNotice = ({ seconds }: Timer, lateMs: number): string =>
  `${capitalised(withArticle(`${durationAdjective(seconds)} timer`))} ${ended(lateMs)}.`

const ended = (lateMs: number): string => (lateMs < LATE_MS ? "is done" : `ended ${roughlyWords(lateMs)} ago`)

export const setSpeech = (result: SetResult): string => {
  if (result.type === "full") return `I keep ${cardinal(MAX_TIMERS)} timers at most, and all are in use.`
  const { timer, kept } = result
  const name = timer.label === undefined ? "Timer" : capitalised(`${timer.label} timer`)
  const set = `${name} set for ${durationWords(timer.seconds)}.`
  return kept ? set : `${set} I can't save it, so a restart loses it.`
}

export const listSpeech = (running: readonly RunningTimer[], filter: TimerFilter): string => {
  if (running.length === 0) return noneSpeech(filter)
  const left = running
    .slice(0, MOST_LISTED)
    .map(({ timer, leftMs }) => `${capitalised(timeLeftWords(leftMs))} left on your ${nameOf(timer)}.`)
  const more = running.length - left.length
  return [
    ...(running.length === 1 ? [] : [`${capitalised(cardinal(running.length))} timers.`]),
    ...left,
    ...(more > 0 ? [`And ${cardinal(more)} more.`] : []),
  ].join(" ")
}

export const cancelSpeech = (result: CancelResult, filter: TimerFilter): string => {
  switch (result.type) {
    case "none":
      return noneSpeech(filter)
    case "ambiguous":
      return `You have ${cardinal(result.timers.length)} such timers. Say which, by name or length, or cancel all timers.`
    case "cancelled":
      return summary(result.timers, "cancelled")
    case "silenced":
      return summary(result.timers, "off")
  }
}

const summary = (timers: readonly Timer[], state: string): string => {
  const [first] = timers
  return timers.length === 1 && first !== undefined
    ? `Your ${nameOf(first)} is ${state}.`
    : `${capitalised(cardinal(timers.length))} timers are ${state}.`
}

const noneSpeech = ({ label, seconds }: TimerFilter): string => {
  if (label === undefined && seconds === undefined) return "No timer is running."
  return `No ${describe({ label, seconds })} is running.`
}

/** "ten minute pasta timer" of a filter that has both, "timer" of one that has neither. */
export const describe = ({ label, seconds }: TimerFilter): string =>
  [
    ...(seconds === undefined ? [] : [durationAdjective(seconds)]),
    ...(label === undefined ? [] : [label]),
    "timer",
  ].join(" ")

/** "an eight minute timer". Of what stands first here only eight, eleven and the like begin with a vowel, and "one" does not. */
export const withArticle = (noun: string): string => `${/^(?!one\b)[aeiou]/.test(noun) ? "an" : "a"} ${noun}`

const capitalised = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`
