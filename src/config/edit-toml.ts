import { stringify } from "smol-toml"

/** A value that setup may write; undefined takes the key out. */
export type EditValue = string | number | boolean | undefined

/**
 * Sets `section.name` keys in a TOML text and leaves every other line, comments included, as it was.
 * A key that is already there keeps its line and the comment after its value; a new one goes to the end of its section.
 * The caller parses the result before it is written: a text of unusual shape (inline tables, dotted keys) is then
 * refused there rather than damaged.
 */
export function editToml(content: string, edits: ReadonlyMap<string, EditValue>): string {
  const lines = content === "" ? [] : content.replace(/\n$/, "").split("\n")
  for (const [key, value] of edits) {
    const dot = key.indexOf(".")
    setKey(lines, key.slice(0, dot), key.slice(dot + 1), value)
  }
  return lines.length === 0 ? "" : `${lines.join("\n")}\n`
}

function setKey(lines: string[], section: string, name: string, value: EditValue): void {
  const start = lines.findIndex((line) => sectionOf(line) === section)
  if (start === -1) {
    if (value === undefined) return
    if (lines.length > 0 && lines.at(-1)?.trim() !== "") lines.push("")
    lines.push(`[${section}]`, assignment(name, value))
    return
  }
  const next = lines.findIndex((line, index) => index > start && sectionOf(line) !== undefined)
  const end = next === -1 ? lines.length : next
  const at = lines.findIndex((line, index) => index > start && index < end && nameOf(line) === name)
  if (at !== -1) {
    const replacement =
      value === undefined ? [] : [assignment(name, value) + trailingComment(lines[at] ?? "")]
    lines.splice(at, 1, ...replacement)
  } else if (value !== undefined) {
    let last = end
    // Blank lines and comments above the next section belong to that section.
    while (next !== -1 && last > start + 1 && /^\s*(#.*)?$/.test(lines[last - 1] ?? "")) last--
    lines.splice(last, 0, assignment(name, value))
  }
}

const sectionOf = (line: string): string | undefined => /^\s*\[+\s*([^\]\s]+)\s*\]+\s*(#.*)?$/.exec(line)?.[1]
const nameOf = (line: string): string | undefined => /^\s*["']?([A-Za-z0-9_-]+)["']?\s*=/.exec(line)?.[1]
const assignment = (name: string, value: EditValue): string => stringify({ [name]: value }).trimEnd()

/** The comment after a one-line value; a `#` inside quotes is not one. */
function trailingComment(line: string): string {
  const match = /^[^=]*=\s*(?:"(?:[^"\\]|\\.)*"|'[^']*'|[^"'#]*)\s*(#.*)$/.exec(line)
  return match?.[1] === undefined ? "" : ` ${match[1]}`
}
