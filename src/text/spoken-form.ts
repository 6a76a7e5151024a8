import { plainWords } from "./utterance-words.ts"

/** Speech to text writes a figure or its word as it likes. */
const FIGURES: ReadonlyMap<string, string> = new Map(
  "zero one two three four five six seven eight nine ten eleven twelve"
    .split(" ")
    .map((word, figure) => [word, String(figure)]),
)

/** The words of a name as they are compared by ear: lower case, no punctuation, figures as figures. */
export const spokenWords = (text: string): readonly string[] =>
  plainWords(text.replaceAll("_", " "))
    .flatMap((word) => word.split(/(?<=\d)(?=\p{L})|(?<=\p{L})(?=\d)/u))
    .map((word) => FIGURES.get(word) ?? word)

/** `spokenWords` as one text: two names of one form cannot be told apart by ear. */
export const spokenForm = (text: string): string => spokenWords(text).join(" ")
