import { readdirSync, readFileSync } from "node:fs"
import { join, relative } from "node:path"
import { fileURLToPath } from "node:url"

export const repository = fileURLToPath(new URL("../../", import.meta.url))

export const readDocument = (path: string): string => readFileSync(join(repository, path), "utf8")

/** Every Markdown file that is ours, by its path in the repository. */
export const documents = (): readonly string[] => {
  const folders = ["docs", "models", "benchmarks", "tests"].flatMap((folder) =>
    readdirSync(join(repository, folder), { recursive: true, withFileTypes: true }).map((entry) =>
      relative(repository, join(entry.parentPath, entry.name)),
    ),
  )
  return [...readdirSync(repository), ...folders].filter((path) => path.endsWith(".md")).sort()
}

/** The lines of code blocks in a shell's language, indentation and commentary removed. */
export const shellLines = (markdown: string): readonly string[] =>
  [...markdown.matchAll(/^( *)```sh\n([\s\S]*?)^\1```$/gm)]
    .flatMap(([, , body = ""]) => body.split("\n"))
    .map((line) => line.trim().replace(/\s{2,}.*$/, ""))
    .filter((line) => line !== "" && !line.startsWith("#"))

/** What stands between backticks within a line. */
export const codeSpans = (markdown: string): readonly string[] =>
  [...markdown.replace(/^ *```[\s\S]*?^ *```$/gm, "").matchAll(/`([^`\n]+)`/g)].map(([, code = ""]) => code)

/** A command line's words; quotes keep blanks together, as in a shell. */
export const wordsOf = (line: string): readonly string[] =>
  [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? "")

/** The cells of every row of the table whose head begins with `head`. */
export const tableRows = (markdown: string, head: string): readonly (readonly string[])[] => {
  const lines = markdown.split("\n")
  const start = lines.findIndex((line) => line.startsWith(`| ${head} |`))
  if (start < 0) throw new Error(`no table with a first column "${head}"`)
  const after = lines.slice(start + 2)
  const end = after.findIndex((line) => !line.startsWith("|"))
  return after.slice(0, end < 0 ? undefined : end).map((row) =>
    row
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
}
