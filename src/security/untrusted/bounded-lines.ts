/** How much of a text is kept, counted from its end. */
export interface TextLimits {
  /** Of the whole, line ends included, in UTF-16 units. */
  readonly maxChars: number
  readonly maxLines: number
  /** Of one line; what is cut off is shown by an ellipsis. */
  readonly maxLineChars: number
}

/** At the beginning of a line, which does not make it another one. */
const TIME =
  /^\W{0,3}\d{2,4}[-/]\d{2}[-/]\d{2}[T ]\d{2}:\d{2}:\d{2}[.,\d]{0,12}(?:Z| ?[+-]\d{2}:?\d{2}| UTC)?\W{0,3}/

/**
 * The last lines, without empty ones; lines that follow each other and differ at most in their time are one line that
 * says how many.
 */
export const boundedLines = (text: string, limits: TextLimits): string => {
  const lines = text.split("\n").map((line) => line.trim())
  const kept: string[] = []
  let chars = 0
  for (let at = lines.length - 1; at >= 0 && kept.length < limits.maxLines; ) {
    const line = lines[at] ?? ""
    if (line === "") {
      at -= 1
      continue
    }
    let first = at
    while (first > 0 && sameLine(lines[first - 1] ?? "", line)) first -= 1
    const repeated = at - first + 1
    at = first - 1
    const suffix = repeated > 1 ? ` (${repeated} times)` : ""
    const whole = clipped(line, limits.maxLineChars - suffix.length) + suffix
    const room = limits.maxChars - chars - (kept.length > 0 ? 1 : 0)
    if (whole.length > room && kept.length > 0) break
    kept.push(clipped(whole, room))
    chars += (kept.length > 1 ? 1 : 0) + (kept.at(-1) ?? "").length
  }
  return kept.reverse().join("\n")
}

const sameLine = (one: string, other: string): boolean => withoutTime(one) === withoutTime(other)

const withoutTime = (line: string): string => line.replace(TIME, "")

const clipped = (line: string, maxChars: number): string => {
  if (line.length <= maxChars) return line
  if (maxChars < 1) return ""
  const cut = line.slice(0, maxChars - 1)
  // Not between the halves of a surrogate pair.
  return `${/[\ud800-\udbff]$/.test(cut) ? cut.slice(0, -1) : cut}…`
}
