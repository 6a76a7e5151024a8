import { parse, TomlError } from "smol-toml"
import { ConfigError } from "./config-error.ts"

/** A parsed configuration file that still knows on which line a key stands. */
export interface TomlSource {
  readonly path: string
  readonly table: Readonly<Record<string, unknown>>
  /** `config.toml:12` for a key such as `wake.threshold`, else the line of what it stands in, else the path alone. */
  locate(key: string): string
}

/** Raises ConfigError with line and column where the text is not TOML. */
export function parseToml(path: string, content: string): TomlSource {
  const body = content.replace(/^\uFEFF/, "")
  try {
    const table: unknown = parse(body, { unsafeKeyBehaviour: "throw", maxDepth: 16 })
    const lines = keyLines(body)
    return {
      path,
      table: isTable(table) ? table : {},
      locate: (key) => {
        // `[a.b]` alone opens `a` too.
        const inside = [...lines].find(([other]) => other.startsWith(`${key}.`))?.[1]
        const line = lines.get(key) ?? inside ?? lineAround(key, lines)
        return line === undefined ? path : `${path}:${line}`
      },
    }
  } catch (error) {
    if (!(error instanceof TomlError)) throw error
    const reason = error.message.split("\n")[0]?.replace(/^Invalid TOML document: /, "")
    throw new ConfigError(
      [{ message: `${path}:${error.line}:${error.column}: not valid TOML: ${reason}. Fix that line.` }],
      { cause: error },
    )
  }
}

/** The line of the nearest table that the key stands in. */
function lineAround(key: string, lines: ReadonlyMap<string, number>): number | undefined {
  const dot = key.lastIndexOf(".")
  if (dot === -1) return undefined
  const outer = key.slice(0, dot)
  return lines.get(outer) ?? lineAround(outer, lines)
}

export function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date)
}

const header = /^\s*\[\s*([A-Za-z0-9_."'\s-]+?)\s*\]\s*(#.*)?$/
const assignment = /^\s*([A-Za-z0-9_."'-]+)\s*=/

/**
 * The line, from 1, of each `[section]` and `key =`. The parser does not report positions, so this reads the text
 * line by line; inside a multi-line string it may name a wrong line, never a wrong problem.
 */
function keyLines(content: string): ReadonlyMap<string, number> {
  const lines = new Map<string, number>()
  let section = ""
  for (const [index, line] of content.split("\n").entries()) {
    const opened = header.exec(line)?.[1]
    const assigned = assignment.exec(line)?.[1]
    if (opened !== undefined) {
      section = bare(opened)
      lines.set(section, index + 1)
    } else if (assigned !== undefined) {
      const key = section === "" ? bare(assigned) : `${section}.${bare(assigned)}`
      if (!lines.has(key)) lines.set(key, index + 1)
    }
  }
  return lines
}

const bare = (name: string): string => name.replace(/["'\s]/g, "")
