import { abbreviationStop, SPOKEN_ABBREVIATIONS } from "../abbreviations.ts"

/** Names that espeak-ng's English rules get wrong, in lower case. Each was heard wrong before it was listed. */
const PRONUNCIATIONS: ReadonlyMap<string, string> = new Map([
  ["nginx", "engine X"],
  ["qdrant", "quadrant"],
  ["qwen", "kwen"],
])

/** Letters with stops inside or after them: "config.toml", "e.g.", "U.S.", "word". What follows decides about "etc.". */
const DOTTED_WORD = /[\p{L}\p{M}](?:\.?[\p{L}\p{M}'])*\.?(?=\s{0,3}(\p{Lu}|$)?)/gu

/** Reads abbreviations, dots inside names, and names that need help. Expects the alphabet of speech. */
export function readWords(text: string): string {
  return text.replace(DOTTED_WORD, (word: string, next: string | undefined) =>
    readDottedWord(word, next !== undefined),
  )
}

function readDottedWord(word: string, mayEndSentence: boolean): string {
  const bare = word.replace(/\.$/, "")
  const spoken = SPOKEN_ABBREVIATIONS.get(bare.toLowerCase())
  if (spoken !== undefined && bare !== word) {
    return mayEndSentence && abbreviationStop(word) === "perhaps-final" ? `${spoken}.` : spoken
  }
  if (/^\p{L}(?:\.\p{L})+$/u.test(bare)) return bare.replaceAll(".", " ")
  // A stop before anything but a small letter lacks its space: "end.Next".
  const sentences = word.split(/(?<=\.)(?=\P{Ll})/u)
  if (sentences.length > 1) return sentences.map((part) => readDottedWord(part, false)).join(" ")
  return readName(word)
}

function readName(word: string): string {
  const parts = word.split(/\.(?=\p{Ll})/u)
  const last = parts.pop() ?? ""
  return [...parts.map(pronounce), parts.length > 0 ? readDottedWord(last, false) : pronounce(last)].join(
    " dot ",
  )
}

function pronounce(word: string): string {
  const [name = ""] = word.split(".")
  const spoken = PRONUNCIATIONS.get(name.toLowerCase())
  return spoken === undefined ? word : spoken + word.slice(name.length)
}
