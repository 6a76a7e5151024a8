import { PhraseGrammar, type SlotMatchers } from "./phrase-grammar.ts"
import { type ContainerIntent, type Intent, PHRASES, type PhraseMatch } from "./phrases.ts"
import { plainWords, utteranceWords } from "./utterance-words.ts"

/** A container and the ways of saying its name. */
export interface SpokenContainer {
  readonly name: string
  readonly spoken: readonly string[]
}

export interface PhraseContext {
  /** Names that are taken without the word "container" beside them. */
  readonly containers?: readonly SpokenContainer[] | undefined
}

/**
 * The server's own containers, as its compose file names them; configuration replaces them. The odd spellings are
 * what Moonshine tiny wrote when these names were spoken to it.
 */
const DEFAULT_CONTAINERS: readonly SpokenContainer[] = [
  {
    name: "n8n",
    spoken: [
      ...["n eight n", "n 8n", "n8 n", "n a n", "nan", "nat n", "innate end", "innate n", "innate in"],
      ...["and eight n", "and ate in", "and aid in", "and ape in", "and a n"],
    ],
  },
  { name: "postgres", spoken: ["post gres", "postgresql", "postgres sql", "posters", "post series"] },
  { name: "qdrant", spoken: ["quadrant", "quadrants", "q drant"] },
  { name: "portainer", spoken: ["port tainer", "portain her"] },
]

const TOOLS: Readonly<Record<ContainerIntent, string>> = {
  "containers-list": "list_containers",
  "container-status": "container_status",
  "container-logs": "container_logs",
  "container-start": "start_container",
  "container-stop": "stop_container",
  "container-restart": "restart_container",
}

/** These also open ordinary sentences ("hello, can you …", "help me write …"), so their end is worth waiting for. */
const OPENS_A_SENTENCE: ReadonlySet<Intent> = new Set<Intent>(["greeting", "thanks", "capabilities"])

const MAX_NAME_WORDS = 4
const NOT_A_NAME = new Set(["the", "a", "this", "that", "container", "containers", "logs"])
const GRAMMAR = new PhraseGrammar(PHRASES)

/** What a transcript means if the whole of it is a fixed phrase; see `PHRASES`. */
export function matchPhrase(transcript: string, context: PhraseContext = {}): PhraseMatch | undefined {
  const containers = context.containers ?? DEFAULT_CONTAINERS
  const words = utteranceWords(transcript)
  const slots = slotMatchers(containers)
  const match = GRAMMAR.match(words, slots)
  if (match === undefined) return undefined
  const others = [...GRAMMAR.continuations(words, slots)].filter((intent) => intent !== match.intent)
  const heard = match.slots["container"] ?? match.slots["name"]
  const container = heard === undefined ? undefined : (knownName(heard, containers) ?? heard)
  return {
    intent: match.intent,
    slots: container === undefined ? {} : { container },
    extensible: others.length > 0 || OPENS_A_SENTENCE.has(match.intent),
    tool: isContainerIntent(match.intent)
      ? { name: TOOLS[match.intent], arguments: container === undefined ? {} : { container } }
      : undefined,
  }
}

export interface EndpointContext extends PhraseContext {
  /** Jett is speaking, so what is heard is an interruption. */
  readonly speaking: boolean
}

/**
 * Whether the user is likely done, so that a short silence is enough (endpointing).
 *
 * "stop" could go on ("stop postgres"): acting on half of a command is worse than waiting, and with nothing to stop
 * the wait costs nothing. While Jett speaks it is the other way round: then "stop" is done at once.
 */
export function isCompletePhrase(transcript: string, context: EndpointContext): boolean {
  const match = matchPhrase(transcript, context)
  if (match === undefined) return false
  const interrupts = match.intent === "stop" || match.intent === "cancel"
  return !match.extensible || (context.speaking && interrupts)
}

function slotMatchers(containers: readonly SpokenContainer[]): SlotMatchers {
  const spoken = containers.flatMap((container) => [container.name, ...container.spoken]).map(plainWords)
  return {
    container: (words) =>
      spoken.filter((name) => name.every((word, i) => words[i] === word)).map((name) => name.length),
    name: nameLengths,
  }
}

/** Up to four words, none of them part of the phrase around the name. */
function nameLengths(words: readonly string[]): readonly number[] {
  const end = words.findIndex((word, i) => NOT_A_NAME.has(word) || i === MAX_NAME_WORDS)
  return Array.from({ length: end === -1 ? words.length : end }, (_, i) => i + 1)
}

function knownName(heard: string, containers: readonly SpokenContainer[]): string | undefined {
  return containers.find(({ name, spoken }) =>
    [name, ...spoken].some((alias) => plainWords(alias).join(" ") === heard),
  )?.name
}

function isContainerIntent(intent: Intent): intent is ContainerIntent {
  return Object.hasOwn(TOOLS, intent)
}
