import type { SpokenContainer } from "./container-names.ts"
import type { Phrase } from "./phrase-grammar.ts"
import type { PhraseToolCall } from "./phrase-tool-call.ts"
import { TIMER_PHRASES, type TimerIntent } from "./timer-phrases.ts"

export type Intent =
  | "time"
  | "date"
  | "stop"
  | "cancel"
  | "repeat"
  | "louder"
  | "softer"
  | "mute"
  | "capabilities"
  | "status"
  | "new-conversation"
  | "greeting"
  | "thanks"
  | TimerIntent
  | ContainerIntent

export type ContainerIntent =
  | "containers-list"
  | "container-status"
  | "container-logs"
  | "container-start"
  | "container-stop"
  | "container-restart"

/** Which container was meant. Handed back with the next utterance, it lets a name alone be an answer. */
export interface ContainerQuestion {
  /** "Did you mean n eight n or quadrant?" */
  readonly text: string
  readonly intent: ContainerIntent
  readonly candidates: readonly SpokenContainer[]
}

export interface PhraseMatch {
  readonly intent: Intent
  /** `container`: the known name, or the words as they were heard. */
  readonly slots: Readonly<Record<string, string>>
  /** A phrase of another intent, or an ordinary sentence, often begins with these words. */
  readonly extensible: boolean
  readonly tool?: PhraseToolCall | undefined
  /** It takes an answer to know which container was meant: this is asked instead of calling the tool. */
  readonly question?: ContainerQuestion | undefined
}

/**
 * What is understood without a language model. Contractions, "please" and the like are gone before matching (see
 * `utteranceWords`), so "What's the time, please?" is "what is the time" here. The first match wins.
 *
 * `<container>` is a name that is known; `<name>` any one to four words, taken only beside the word "container".
 */
export const PHRASES: readonly Phrase<Intent>[] = [
  {
    intent: "time",
    patterns: [
      "what time is it",
      "what time it is",
      "(what is | tell me | give me) the [current | exact] time",
      "[do you] (know | tell me | have) (what time it is | the time)",
      "how late is it",
    ],
  },
  {
    intent: "date",
    patterns: [
      "what (is | day is) (it | the date | today | it today) [today]",
      "what day is [it] today",
      "(what is | tell me) (today's date | the date [today] | the day [today])",
      "what date is (it | today | it today)",
      "which day is (it | today | it today)",
      "what day of the week is (it | today | it today)",
    ],
  },
  {
    intent: "stop",
    patterns: [
      "stop [stop] [stop]",
      "stop (it | that | this | talking | speaking | listening)",
      "(be | keep) quiet",
      "quiet",
      "silence",
      "shut up",
      "shush",
      "enough",
      "that is enough",
      "that will do",
      "(wait | hold on | hang on) [a (second | minute | moment)]",
    ],
  },
  {
    intent: "cancel",
    patterns: [
      "cancel [it | that | this]",
      "never mind",
      "nevermind",
      "forget (it | that)",
      "abort",
      "no stop",
    ],
  },
  {
    intent: "repeat",
    patterns: [
      "repeat [(that | it) [again]]",
      "repeat what you said",
      "say (that | it) again",
      "(say | come) again",
      "what did you [just] say",
      "pardon [me]",
      "once more",
      "one more time",
    ],
  },
  {
    intent: "louder",
    patterns: [
      "[a (bit | little)] louder",
      "(speak | talk) [a (bit | little)] (louder | up)",
      "turn it up [a (bit | little)]",
      "turn (the volume up | up the volume)",
      "volume up",
      "(raise | increase) the volume",
    ],
  },
  {
    intent: "softer",
    patterns: [
      "[a (bit | little)] (softer | quieter)",
      "(speak | talk) [a (bit | little)] (softer | quieter | more softly | more quietly)",
      "not so loud",
      "turn it down [a (bit | little)]",
      "turn (the volume down | down the volume)",
      "volume down",
      "(lower | decrease | reduce) the volume",
    ],
  },
  {
    intent: "mute",
    patterns: [
      "mute [yourself | it | the microphone | the mic | your microphone]",
      "turn off (the | your) (microphone | mic)",
      "stop listening to me",
      "go to sleep",
    ],
  },
  {
    intent: "capabilities",
    patterns: [
      "what (can | do) you do",
      "what are you able to do",
      "help [me]",
      "what can i (say | ask | ask you)",
    ],
  },
  {
    intent: "status",
    patterns: [
      "status [report]",
      "(what is | give me | tell me) (the | your | your current | a) status [report]",
      "(are you | is everything) (okay | all right | alright | working | running)",
    ],
  },
  {
    intent: "new-conversation",
    patterns: [
      "[start] [a] new (conversation | chat)",
      "start (over | again | from scratch)",
      "forget (everything | this conversation | our conversation | what i said)",
      "(clear | reset) (the | this | our) conversation",
    ],
  },
  {
    intent: "greeting",
    patterns: ["hello [there]", "hi [there]", "hey [there]", "good (morning | afternoon | evening)"],
  },
  { intent: "thanks", patterns: ["thanks [a lot]", "thank you [very much | so much]", "cheers"] },
  // Before the containers: of the two, "stop the timer" means the one that can be set again.
  ...TIMER_PHRASES,
  {
    intent: "containers-list",
    patterns: [
      "(list | show | show me) [all] [the | my | our] [running] containers",
      "(what | which) containers are [running | there]",
      "what is running [on the server]",
    ],
  },
  {
    intent: "container-logs",
    patterns: [
      "(show | show me | read | read me | get) [me] the [last | latest] logs (of | from | for) [the] (<container> [container] | <name> container)",
      "(show | show me | read | read me | get) [the] (<container> [container] | <name> container) logs",
      "<container> logs",
    ],
  },
  {
    intent: "container-status",
    patterns: [
      "(what is | tell me | show me) the (status | state) of [the] (<container> [container] | <name> container)",
      "(status | state) of [the] (<container> [container] | <name> container)",
      "is [the] (<container> [container] | <name> container) (running | up | okay | healthy | down)",
      "how is [the] (<container> [container] | <name> container) [doing]",
      "<container> status",
    ],
  },
  {
    intent: "container-restart",
    patterns: ["(restart | reboot) [the] (<container> [container] | <name> container | container <name>)"],
  },
  {
    intent: "container-start",
    patterns: ["start [up] [the] (<container> [container] | <name> container | container <name>)"],
  },
  {
    intent: "container-stop",
    patterns: ["(stop | shut down) [the] (<container> [container] | <name> container | container <name>)"],
  },
]
