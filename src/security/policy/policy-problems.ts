import { spokenForm, spokenWords } from "../../text/spoken-form.ts"
import { CONTAINER_ACTIONS, isContainerAction } from "../container-actions.ts"
import { containerNameProblem } from "../container-name.ts"
import type { ContainerEntry } from "./container-entry.ts"
import { claimedBy } from "./policy-aliases.ts"

/** Why a table is not taken. `message` says what was found, what was expected and the fix, without the place. */
export interface PolicyProblem {
  readonly container: string
  /** The key of the container's table that is at fault; absent where it is the name itself. */
  readonly setting: "allow" | "aliases" | "spoken" | undefined
  readonly message: string
}

const MAX_ALIAS_WORDS = 6

/** Words of commands: in an alias they would make a command that can be read in two ways. */
const COMMAND_WORDS: ReadonlySet<string> = new Set([
  ..."start restart reboot stop shut status state stats logs container containers".split(" "),
  ..."yes no cancel confirm abort".split(" "),
])

/** Everything that is wrong with these containers; empty where they make a table. */
export function policyProblems(entries: readonly ContainerEntry[]): readonly PolicyProblem[] {
  return [
    ...entries.flatMap(nameProblems),
    ...entries.flatMap(actionProblems),
    ...entries.flatMap(wordProblems),
    ...sharedWords(entries),
  ]
}

function nameProblems(
  { name }: ContainerEntry,
  index: number,
  entries: readonly ContainerEntry[],
): readonly PolicyProblem[] {
  const wrong = containerNameProblem(name)
  if (wrong !== undefined)
    return [{ container: name, setting: undefined, message: `${shown(name)} ${wrong}` }]
  const twin = entries.slice(0, index).find((other) => other.name.toLowerCase() === name.toLowerCase())
  if (twin === undefined) return []
  const message = `the containers ${twin.name} and ${name} have one name but for capitals; expected names that differ. Fix: rename one`
  return [{ container: name, setting: undefined, message }]
}

function actionProblems({ name, allow }: ContainerEntry): readonly PolicyProblem[] {
  return allow
    .filter((action) => !isContainerAction(action))
    .map((action) => ({
      container: name,
      setting: "allow",
      message: `${shown(action)} is no action; expected some of ${CONTAINER_ACTIONS.join(", ")}`,
    }))
}

function wordProblems(entry: ContainerEntry): readonly PolicyProblem[] {
  return configuredWords(entry).flatMap(([setting, text]) => {
    const message = aliasProblem(text)
    return message === undefined ? [] : [{ container: entry.name, setting, message }]
  })
}

/** Why a text is no way of saying a name; undefined where it is one. */
export function aliasProblem(text: string): string | undefined {
  if (!/^[a-z0-9][a-z0-9' -]*$/i.test(text)) {
    return `${shown(text)} cannot be said; expected words of the letters a to z, digits, ' and -`
  }
  const words = spokenWords(text)
  if (words.length > MAX_ALIAS_WORDS) {
    return `${shown(text)} has ${words.length} words; expected at most ${MAX_ALIAS_WORDS}`
  }
  const command = words.find((word) => COMMAND_WORDS.has(word))
  return command === undefined
    ? undefined
    : `${shown(text)} has the word "${command}" of a command in it; expected a name without it`
}

/** What a container is to be called, and another one is called already. */
function sharedWords(entries: readonly ContainerEntry[]): readonly PolicyProblem[] {
  return entries.flatMap((entry, index) =>
    configuredWords(entry).flatMap(([setting, text]) => {
      const form = spokenForm(text)
      const other = entries.find((candidate, place) => {
        if (candidate === entry) return false
        // What both are called by configuration is reported once, for the later one.
        const claims = place < index ? claimedBy(candidate) : [candidate.name]
        return claims.some((claim) => spokenForm(claim) === form)
      })
      if (other === undefined) return []
      const message = `${shown(text)} is also how ${other.name} is called; expected words for one container alone. Fix: take it out of one`
      return [{ container: entry.name, setting, message }]
    }),
  )
}

const configuredWords = ({
  aliases = [],
  spoken,
}: ContainerEntry): readonly (readonly ["aliases" | "spoken", string])[] => [
  ...aliases.map((alias) => ["aliases", alias] as const),
  ...(spoken === undefined ? [] : [["spoken", spoken] as const]),
]

/** A mistake may hold anything and be of any length. */
const shown = (text: string): string => JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text)
