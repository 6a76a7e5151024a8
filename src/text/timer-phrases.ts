import { isDurationWord, parseDuration } from "./durations.ts"
import type { GrammarMatch, Phrase, SlotMatchers } from "./phrase-grammar.ts"
import type { PhraseToolCall } from "./phrase-tool-call.ts"

/** What a tool answers. */
export type TimerToolIntent = "timer-set" | "timer-list" | "timer-cancel" | "timer-cancel-all"
/** `timer-how-long`: a timer is wanted, and it was not said for how long. */
export type TimerIntent = TimerToolIntent | "timer-how-long"

/** "Said" and "cancele" are what Moonshine tiny wrote now and then when "set" and "cancel" were spoken to it. */
const SET =
  "(set | said | set up | set me | start | create | make | make me | add | begin | give me | i need | i want)"
const A = "[a | an | the | my | one | another | one more | a new | a second | a third]"
const TIMER = "(timer | alarm)"
const FOR = "[for | of | to | in | with]"
const CALLED =
  "(called | named | labelled | labeled | for | for the | for my | with the name | with the label) <label>"
/** "From now" has lost its "now" by then, as any sentence loses it at its end. */
const FROM_NOW = "[from | from now]"
/** A timer that is there. */
const THE = `[the | my] [<duration> | <known> | <duration> <known>] ${TIMER}`
const ON = `(on | of | for | in) ${THE}`
const CANCEL = "(cancel | cancele | stop | delete | remove | clear | end | dismiss | turn off | switch off)"

/**
 * What is said about timers. `<duration>` is a length of time with its unit, `<label>` one to three plain words, the name
 * of a new timer, and `<known>` that of one that is there, which may have come apart in the transcript: "past a timer".
 */
export const TIMER_PHRASES: readonly Phrase<TimerIntent>[] = [
  {
    intent: "timer-set",
    patterns: [
      `[${SET}] ${A} ${TIMER} ${FOR} <duration> ${FROM_NOW} [${CALLED}]`,
      `[${SET}] ${A} <duration> ${TIMER} [${CALLED}]`,
      `${SET} ${A} <label> ${TIMER} ${FOR} <duration> ${FROM_NOW}`,
      `${SET} ${A} <duration> <label> ${TIMER}`,
      `${SET} ${A} ${TIMER} ${CALLED} (for | of | to | in | with) <duration> ${FROM_NOW}`,
      `(wake | call) me [up] in <duration> ${FROM_NOW}`,
      `(remind me | tell me | let me know | notify me) (in | after) <duration> ${FROM_NOW}`,
    ],
  },
  {
    intent: "timer-how-long",
    patterns: [`${SET} ${A} [<label>] ${TIMER}`, `${SET} ${A} ${TIMER} ${CALLED}`],
  },
  {
    intent: "timer-list",
    patterns: [
      `(how long | how much [time] | how many (minutes | seconds | hours)) (is | are) [there] (left | remaining | to go) [${ON}]`,
      `(how long | how much time | how many (minutes | seconds | hours)) [do i | have i] (have | got) (left | remaining | to go) ${ON}`,
      `(how long | how much time) [is] (left | remaining) ${ON}`,
      `(how long | how much [time]) (does | has | is) ${THE} (have | got) [left | remaining | to go]`,
      `when (does | will | is) ${THE} (end | go off | ring | finish | finished | done | be done | be over | up)`,
      `(check | how is | what about) ${THE}`,
      `is ${THE} [still] (running | done | finished | over | up | on)`,
      "(what | which | how many) timers (are there | are (running | set | active | on | left) | do i have | have i [got | set]) [running | set | left | going]",
      "(what are | list | show | show me | tell me | read | read me | check) [all] [of] [the | my] timers",
      "[do i have | have i got | are there | is there] (any timers | any timer | a timer) (running | set | on | left | going)",
      "(do i have | have i got | are there) (any timers | any timer | timers)",
    ],
  },
  {
    intent: "timer-cancel-all",
    patterns: [
      `${CANCEL} [all | both | all of | both of] [the | my] (timers | alarms)`,
      `${CANCEL} (every | each) ${TIMER}`,
    ],
  },
  {
    intent: "timer-cancel",
    patterns: [`${CANCEL} ${THE}`, `(turn | switch) ${THE} off`],
  },
]

const MAX_DURATION_WORDS = 9
const MAX_LABEL_WORDS = 3
const MAX_LABEL_LENGTH = 30

/** Words that belong to the phrase around a label, or to another sentence. */
const NOT_A_LABEL = new Set(
  (
    "a an the my your our his her its this that these those it me i you he she we they them one another new other next " +
    "last second third same more timer timers alarm alarms all any some every each both no not never for of to in on at " +
    "with by from and or but if then than so as is are was were be been am do does did done have has had got can could " +
    "will would shall should may might must what which who whom whose when where why how called named labelled labeled " +
    "name label long much many left remaining set start stop cancel off up down out there here hundred thousand couple few about"
  ).split(" "),
)
const LABEL_WORD = /^[a-z0-9]+$/

/** What fills the slots of these phrases. */
export const TIMER_SLOTS: SlotMatchers = {
  duration: (words) =>
    lengthsUpTo(Math.min(words.length, MAX_DURATION_WORDS)).filter(
      (length) => parseDuration(words.slice(0, length)) !== undefined,
    ),
  label: (words) => labelLengths(words, isLabelWord),
  known: (words) => labelLengths(words, (word, i) => isLabelWord(word) || (i > 0 && SYLLABLES.has(word))),
}

/** What a last syllable becomes: "pasta" is "past a", "dryer" is "dry her". */
const SYLLABLES = new Set(["a", "her"])

function labelLengths(
  words: readonly string[],
  fits: (word: string, i: number) => boolean,
): readonly number[] {
  const end = words.findIndex((word, i) => !fits(word, i))
  const most = Math.min(end === -1 ? words.length : end, MAX_LABEL_WORDS)
  return lengthsUpTo(most).filter((length) => words.slice(0, length).join(" ").length <= MAX_LABEL_LENGTH)
}

const isLabelWord = (word: string): boolean =>
  LABEL_WORD.test(word) && !NOT_A_LABEL.has(word) && !isDurationWord(word)

/** The longest first. */
const lengthsUpTo = (most: number): readonly number[] => Array.from({ length: most }, (_, i) => most - i)

const TOOLS: Readonly<Record<TimerToolIntent, string>> = {
  "timer-set": "set_timer",
  "timer-list": "list_timers",
  "timer-cancel": "cancel_timer",
  "timer-cancel-all": "cancel_timer",
}

/** About a timer. Whatever could follow within such a phrase changes what is meant: which timer, or for how long. */
export function isTimerIntent(intent: string): intent is TimerIntent {
  return intent === "timer-how-long" || Object.hasOwn(TOOLS, intent)
}

/** The call that a timer phrase stands for; undefined for every other phrase. */
export function timerToolCall({ intent, slots }: GrammarMatch<string>): PhraseToolCall | undefined {
  if (!isToolIntent(intent)) return undefined
  const duration = slots["duration"]
  const seconds = duration === undefined ? undefined : parseDuration(duration.split(" "))
  const label = slots["label"] ?? slots["known"]
  return {
    name: TOOLS[intent],
    arguments: {
      ...(intent === "timer-cancel-all" ? { which: "all" } : {}),
      ...(label === undefined ? {} : { label }),
      ...(seconds === undefined ? {} : { seconds }),
    },
  }
}

function isToolIntent(intent: string): intent is TimerToolIntent {
  return Object.hasOwn(TOOLS, intent)
}
