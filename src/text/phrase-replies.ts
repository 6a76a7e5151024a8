import { MONTHS, WEEKDAYS } from "./calendar-words.ts"
import { clockWords, type HourFormat } from "./clock-words.ts"
import { ordinal, year as yearWords } from "./normalise/number-words.ts"
import type { ContainerIntent, Intent } from "./phrases.ts"
import type { TimerToolIntent } from "./timer-phrases.ts"

/** The local date and time, taken apart by whoever owns a clock. */
export interface LocalTime {
  readonly hour: number
  readonly minute: number
  /** 0 is Sunday. */
  readonly weekday: number
  readonly day: number
  /** 1–12. */
  readonly month: number
  readonly year: number
  readonly hourFormat: HourFormat
}

export interface PhraseFacts {
  readonly now: LocalTime
  /** What was last said, if anything was. */
  readonly lastReply?: string | undefined
  /** How everything is, as a sentence. */
  readonly status: string
  /** Whether there is a server to act on. */
  readonly hasContainers: boolean
}

type AnsweredIntent = Exclude<Intent, ContainerIntent | TimerToolIntent>

/** Each a whole reply; empty where doing it is answer enough. */
const REPLIES: Readonly<Record<AnsweredIntent, (facts: PhraseFacts) => string>> = {
  time: ({ now }) => timeSentence(now),
  date: ({ now }) => dateSentence(now),
  stop: () => "",
  cancel: () => "Okay.",
  repeat: ({ lastReply }) => lastReply ?? "I haven't said anything yet.",
  louder: () => "Louder.",
  softer: () => "Softer.",
  mute: () => "I'm muting the microphone.",
  capabilities: ({ hasContainers }) =>
    hasContainers
      ? "I tell the time and the date, set timers, answer questions, and look after your containers. Say stop to interrupt me."
      : "I tell the time and the date, set timers, and answer questions. Say stop to interrupt me.",
  status: ({ status }) => status,
  "new-conversation": () => "Okay, let's start afresh.",
  greeting: () => "Hello! How can I help?",
  thanks: () => "You're welcome.",
  "timer-how-long": () => "For how long? Say, for example: set a timer for ten minutes.",
}

/** "It's ten thirty." */
export function timeSentence(now: LocalTime): string {
  return `It's ${clockWords(now, now.hourFormat)}.`
}

/** "It's Tuesday, March fifth, twenty twenty four." */
export function dateSentence(now: LocalTime): string {
  return `It's ${WEEKDAYS[now.weekday]}, ${MONTHS[now.month - 1]} ${ordinal(now.day)}, ${yearWords(now.year)}.`
}

/** What is said to a fixed phrase; undefined for those that a tool answers. */
export function phraseReply(intent: Intent, facts: PhraseFacts): string | undefined {
  return isAnswered(intent) ? REPLIES[intent](facts) : undefined
}

function isAnswered(intent: Intent): intent is AnsweredIntent {
  return Object.hasOwn(REPLIES, intent)
}
