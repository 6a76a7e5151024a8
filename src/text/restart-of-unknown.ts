import type { PhraseMatch } from "./phrases.ts"
import { utteranceWords } from "./utterance-words.ts"

const MAX_NAME_WORDS = 3

/** After "restart" these begin or go on with something else than a name: "restart it", "restart from the beginning". */
const NOT_IN_A_NAME = new Set(
  (
    "a an the this that these those it them me you us him her my your our his their its " +
    "yourself myself itself themselves everything anything something someone all both one again " +
    "and or but if when while because until after before from in into at on by with without for to of over as " +
    "what who how why where which conversation chat timer timers alarm music song story game"
  ).split(" "),
)

/**
 * "Restart grafana", where no container of that name is known and the word "container" is not said: a call that the guard
 * refuses, and has on record. For a language model that can call no tools: what that answers would be made up.
 *
 * Only "restart" and "reboot" are taken, and only before a bare name. "Start dinner" and "stop laughing" are ordinary
 * sentences, and so is "restart the computer".
 */
export function restartOfUnknown(text: string): PhraseMatch | undefined {
  const [verb, ...words] = utteranceWords(text)
  if (verb !== "restart" && verb !== "reboot") return undefined
  if (words.length === 0 || words.length > MAX_NAME_WORDS) return undefined
  if (words.some((word) => NOT_IN_A_NAME.has(word))) return undefined
  const container = words.join(" ")
  return {
    intent: "container-restart",
    slots: { container },
    extensible: true,
    tool: { name: "restart_container", arguments: { container } },
  }
}
