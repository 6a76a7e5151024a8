import { EXACT, resolveContainerName, type SpokenContainer } from "./container-names.ts"
import { spokenForm } from "./spoken-form.ts"
import { plainWords, utteranceWords } from "./utterance-words.ts"

/** A sentence in which a name is spoken to learn how it is heard; `NAME` stands for it. */
export const HEARING_FRAMES = [
  "NAME",
  "restart the NAME container",
  "stop NAME",
  "is NAME running",
  "what is the status of NAME",
  "show me the logs of NAME",
] as const

/**
 * The name out of what was heard of a frame, in lower-case words; undefined where the words around it were misheard, so
 * that nobody can tell which of the rest are the name.
 */
export function nameIn(transcript: string, frame: string): string | undefined {
  const [before = [], after = []] = frame.split("NAME").map((side) => plainWords(side))
  const words = before.length + after.length === 0 ? plainWords(transcript) : utteranceWords(transcript)
  const end = words.length - after.length
  const fits =
    end > before.length &&
    before.every((word, i) => words[i] === word) &&
    after.every((word, i) => words[end + i] === word)
  return fits ? words.slice(before.length, end).join(" ") : undefined
}

/** What a way in which a name was heard means to the table as it is. */
export type HeardAs =
  | { readonly type: "known" }
  /** Understood, but only because it sounds like the name. */
  | { readonly type: "by-sound" }
  | { readonly type: "new" }
  /** It names another container, or could. */
  | { readonly type: "taken"; readonly by: string }
  /** Too common a word to be a name. */
  | { readonly type: "common" }

export function heardAs(heard: string, name: string, containers: readonly SpokenContainer[]): HeardAs {
  const exact = resolveContainerName(heard, containers, EXACT)
  if (exact.type === "known")
    return exact.name === name ? { type: "known" } : { type: "taken", by: exact.name }
  if (
    spokenForm(heard)
      .split(" ")
      .every((word) => COMMON.has(word))
  )
    return { type: "common" }
  const near = resolveContainerName(heard, containers)
  if (near.type === "known")
    return near.name === name ? { type: "by-sound" } : { type: "taken", by: near.name }
  const other =
    near.type === "ambiguous" ? near.candidates.find((candidate) => candidate.name !== name) : undefined
  return other === undefined ? { type: "new" } : { type: "taken", by: other.name }
}

/** As an alias, these would make a command of an ordinary sentence. */
const COMMON = new Set(
  (
    "a an the and or but if in on at of to for with from by it is was be are am i you he she we they me my your this " +
    "that there here what who when how no yes not now then so all up down out off over one two go do did done"
  ).split(" "),
)
