import { type Rule, rewrite } from "./rule.ts"

const FENCE = /^\s{0,3}(`{3,}|~{3,})/
const BLOCK_MARKERS = /^\s*(?:(?:#{1,6}|>|[-*+•‣▪◦])(?:\s+|$))+/
const NUMBER_MARKER = /^\s*(\d{1,3})[.)]\s+/
const TASK_MARKER = /^\[([ xX])\]\s+/
const RULER = /^\s*([-*_=])(?:\s*\1){2,}\s*$/
const DEFINITION = /^\s*\[[^\]\n]{1,100}\]:\s*\S/
/** Longer code is not worth hearing. */
const SPOKEN_CODE_CHARS = 60
const CODE_OMITTED = "code omitted"

const INLINE: readonly Rule[] = [
  [
    /(?<!`)(`{1,3})(?!`)([^`\n]{1,300})\1(?!`)/g,
    (_, _ticks, code = "") => (code.length > SPOKEN_CODE_CHARS ? CODE_OMITTED : code),
  ],
  [/!\[([^[\]\n]{0,300})\]\([^()\n]{0,2000}\)/g, (_, alt) => (alt ? `image: ${alt}` : "")],
  [/\[([^[\]\n]{1,300})\]\([^()\n]{0,2000}\)/g, "$1"],
  [/\[([^[\]\n]{1,300})\]\[[^[\]\n]{0,100}\]/g, "$1"],
  [/\[\^?\d{1,3}\]|\[\^[\w-]{1,30}\]/g, ""],
  [/~~|\*\*|__/g, ""],
  // What is left of emphasis; a star between spaces is a multiplication.
  [/(?<=\S)\*(?!\d)|\*(?=\S)(?<!\d\*)/g, ""],
  [/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, " "],
]

/** Reads Markdown as text: each heading, list item and table row becomes a sentence, each link its text. */
export function withoutMarkdown(text: string): string {
  return rewrite(readBlocks(text), INLINE)
}

function readBlocks(text: string): string {
  const spoken: string[] = []
  let fence = ""
  for (const line of text.split("\n")) {
    const marker = FENCE.exec(line)?.[1] ?? ""
    if (fence !== "") {
      if (marker.startsWith(fence)) fence = ""
    } else if (marker !== "" && !line.trim().slice(marker.length).includes(marker)) {
      fence = marker
      spoken.push(`${CODE_OMITTED}.`)
    } else {
      spoken.push(readLine(line))
    }
  }
  return spoken.join("\n")
}

/** A stop is added after what is a sentence by its layout alone; doubled punctuation is tidied at the end. */
function readLine(line: string): string {
  if (line.trim() === "") return "."
  if (RULER.test(line) || DEFINITION.test(line)) return "."
  if (isTableRow(line)) return readTableRow(line)
  const unmarked = line.replace(BLOCK_MARKERS, "")
  const numbered = unmarked.replace(NUMBER_MARKER, "$1: ")
  const content = numbered.replace(TASK_MARKER, (_, mark) => (mark === " " ? "to do: " : "done: "))
  return content === line ? line : `${content}.`
}

function isTableRow(line: string): boolean {
  const row = line.trim()
  return row.length > 1 && (row.startsWith("|") || row.endsWith("|"))
}

function readTableRow(line: string): string {
  const cells = line.split("|").map((cell) => cell.trim())
  const isRuler = cells.every((cell) => /^[:-]*$/.test(cell))
  return isRuler ? "." : `${cells.filter((cell) => cell !== "").join(", ")}.`
}
