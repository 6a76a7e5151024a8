import {
  BARE,
  BESIDE_CONTAINER,
  EXACT,
  resolveContainerName,
  type SpokenContainer,
  whichContainer,
} from "./container-names.ts"
import { PhraseGrammar, type SlotMatchers } from "./phrase-grammar.ts"
import {
  type ContainerIntent,
  type ContainerQuestion,
  type Intent,
  PHRASES,
  type PhraseMatch,
} from "./phrases.ts"
import { isTimerIntent, TIMER_SLOTS, timerToolCall } from "./timer-phrases.ts"
import { utteranceWords } from "./utterance-words.ts"

export interface PhraseContext {
  /** The containers of the configuration: names that are taken without the word "container" beside them. */
  readonly containers?: readonly SpokenContainer[] | undefined
  /** What Jett asked in its last reply. */
  readonly asked?: ContainerQuestion | undefined
}

const TOOLS: Readonly<Record<ContainerIntent, string>> = {
  "containers-list": "list_containers",
  "container-status": "container_status",
  "container-logs": "container_logs",
  "container-start": "start_container",
  "container-stop": "stop_container",
  "container-restart": "restart_container",
}

/** The tools that the phrases about containers call. */
export const CONTAINER_TOOLS: readonly string[] = Object.values(TOOLS)

/** These also open ordinary sentences ("hello, can you …", "help me write …"), so their end is worth waiting for. */
const OPENS_A_SENTENCE: ReadonlySet<Intent> = new Set<Intent>([
  "greeting",
  "thanks",
  "capabilities",
  // "Set a timer for ten minutes" … "and thirty seconds": inside the slot, where the grammar sees no continuation.
  "timer-set",
])

const MAX_NAME_WORDS = 4
const MAX_ALIAS_WORDS = 6
const NOT_A_NAME = new Set(["the", "a", "this", "that", "container", "containers", "logs"])
const GRAMMAR = new PhraseGrammar(PHRASES)

/** What a transcript means if the whole of it is a fixed phrase; see `PHRASES`. */
export function matchPhrase(transcript: string, context: PhraseContext = {}): PhraseMatch | undefined {
  const containers = context.containers ?? []
  const words = utteranceWords(transcript)
  const slots = { ...slotMatchers(containers), ...TIMER_SLOTS }
  const match = GRAMMAR.match(words, slots)
  if (match === undefined) return context.asked && answerTo(context.asked, words)
  const others = [...GRAMMAR.continuations(words, slots)].filter((intent) =>
    // A timer may be called anything, but a container that is known is not its name.
    isTimerIntent(intent) ? !isContainerIntent(match.intent) : intent !== match.intent,
  )
  const named = namedContainer(match.slots, containers)
  const container = named?.container
  return {
    intent: match.intent,
    slots: container === undefined ? {} : { container },
    extensible: others.length > 0 || OPENS_A_SENTENCE.has(match.intent),
    tool: isContainerIntent(match.intent)
      ? { name: TOOLS[match.intent], arguments: container === undefined ? {} : { container } }
      : timerToolCall(match),
    question: isContainerIntent(match.intent) ? questionAbout(match.intent, named?.candidates) : undefined,
  }
}

/**
 * Whether the user is likely done, so that a short silence is enough (endpointing). `speaking`: Jett is, so what is heard
 * is an interruption.
 *
 * "stop" could go on ("stop postgres"): acting on half of a command is worse than waiting, and with nothing to stop
 * the wait costs nothing. While Jett speaks it is the other way round: then "stop" is done at once.
 */
export function isCompletePhrase(
  { intent, extensible }: Pick<PhraseMatch, "intent" | "extensible">,
  speaking: boolean,
): boolean {
  const interrupts = intent === "stop" || intent === "cancel"
  return !extensible || (speaking && interrupts)
}

function slotMatchers(containers: readonly SpokenContainer[]): SlotMatchers {
  const resolved = new Map<string, boolean>()
  const couldBe = (words: readonly string[]): boolean => {
    const heard = words.join(" ")
    // "A" may be the letter.
    const likeness = words.some((word) => NOT_A_NAME.has(word) && word !== "a") ? EXACT : BARE
    const known = resolved.get(heard) ?? resolveContainerName(heard, containers, likeness).type !== "unknown"
    resolved.set(heard, known)
    return known
  }
  const container = (words: readonly string[]): readonly number[] =>
    Array.from({ length: Math.min(words.length, MAX_ALIAS_WORDS) }, (_, i) => i + 1).filter((length) =>
      couldBe(words.slice(0, length)),
    )
  return { container: containers.length === 0 ? () => [] : container, name: nameLengths }
}

/** Up to four words, none of them part of the phrase around the name. */
function nameLengths(words: readonly string[]): readonly number[] {
  const end = words.findIndex((word, i) => NOT_A_NAME.has(word) || i === MAX_NAME_WORDS)
  return Array.from({ length: end === -1 ? words.length : end }, (_, i) => i + 1)
}

/** The table's own name, or the words as they were heard: the guard refuses those, and that is on record. */
function namedContainer(
  { container, name }: Readonly<Record<string, string>>,
  containers: readonly SpokenContainer[],
): { readonly container: string; readonly candidates?: readonly SpokenContainer[] } | undefined {
  const heard = container ?? name
  if (heard === undefined) return undefined
  const found = resolveContainerName(heard, containers, container === undefined ? BESIDE_CONTAINER : BARE)
  switch (found.type) {
    case "known":
      return { container: found.name }
    case "ambiguous":
      return { container: heard, candidates: found.candidates }
    case "unknown":
      return { container: heard }
  }
}

const questionAbout = (
  intent: ContainerIntent,
  candidates: readonly SpokenContainer[] | undefined,
): ContainerQuestion | undefined => candidates && { intent, candidates, text: whichContainer(candidates) }

const YES: ReadonlySet<string> = new Set([
  "yes",
  "yeah",
  "yep",
  "yes i did",
  "yes i do",
  "that one",
  "correct",
])

/** A name that was asked for, said alone; or "yes" where only one was named. Anything else is no answer. */
function answerTo(
  { intent, candidates }: ContainerQuestion,
  words: readonly string[],
): PhraseMatch | undefined {
  const [only, ...others] = candidates
  const heard = words.filter((word) => word !== "the" && word !== "container").join(" ")
  const found = resolveContainerName(heard, candidates)
  const isYes = others.length === 0 && YES.has(words.join(" "))
  const container = isYes ? only?.name : found.type === "known" ? found.name : undefined
  if (container === undefined) return undefined
  return {
    intent,
    slots: { container },
    extensible: false,
    tool: { name: TOOLS[intent], arguments: { container } },
  }
}

function isContainerIntent(intent: Intent): intent is ContainerIntent {
  return Object.hasOwn(TOOLS, intent)
}
