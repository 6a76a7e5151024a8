import type { ConfigProblem } from "./config-error.ts"
import { camelCase, tableDefinitions } from "./definition.ts"
import { describe } from "./setting.ts"
import { suggest } from "./suggest.ts"
import { isTable, type TomlSource } from "./toml-source.ts"

type TableDefinition = typeof tableDefinitions extends ReadonlyMap<string, infer T> ? T : never
type Entry = Readonly<Record<string, unknown>>

export interface TableValues {
  /** The entries of each kind of table, by their property of `Config`, in the order of the file. */
  readonly values: Readonly<Record<string, readonly Entry[]>>
  /** Where each key that is given stands: `containers.n8n` and `containers.n8n.allow`. */
  readonly places: ReadonlyMap<string, string>
  readonly problems: readonly ConfigProblem[]
}

/** Reads every `[containers.NAME]` and the like. Only the file has them: neither a variable nor a flag does. */
export function tableValues(source: TomlSource): TableValues {
  const problems: ConfigProblem[] = []
  const places = new Map<string, string>()
  const values: Record<string, readonly Entry[]> = {}
  for (const [name, definition] of tableDefinitions) {
    const given = Object.hasOwn(source.table, name) ? source.table[name] : {}
    if (isTable(given)) {
      values[name] = Object.entries(given)
        .map(([entry, value]) => entryOf(`${name}.${entry}`, entry, value))
        .filter((entry) => entry !== undefined)
    } else {
      const found = describe(given)
      report(name, `${name} is ${found}; expected a table [${name}.NAME] for each. Fix: write it as one.`)
    }

    function entryOf(key: string, entry: string, value: unknown): Entry | undefined {
      places.set(key, source.locate(key))
      const wrongName = definition.nameProblem(entry)
      if (wrongName !== undefined) return report(key, `[${name}.${shortened(entry)}]: the name ${wrongName}.`)
      if (!isTable(value)) {
        return report(key, `${key} is ${describe(value)}; expected a table. Fix: [${key}]`)
      }
      for (const inner of Object.keys(value)) {
        const innerKey = `${key}.${inner}`
        if (Object.hasOwn(definition.settings, inner)) places.set(innerKey, source.locate(innerKey))
        else report(innerKey, unknownKey(key, inner, definition))
      }
      const settings = Object.entries(definition.settings).map(([setting, { parse, fallback, expected }]) => {
        const property = camelCase(setting)
        if (!Object.hasOwn(value, setting)) return [property, fallback] as const
        const parsed = parse(value[setting])
        if (parsed.ok) return [property, parsed.value] as const
        const fix = fallback === undefined ? "leave it out." : `${setting} = ${JSON.stringify(fallback)}`
        const settingKey = `${key}.${setting}`
        report(settingKey, `${settingKey} is ${parsed.found}; expected ${expected}. Fix: ${fix}`)
        return [property, fallback] as const
      })
      return { name: entry, ...Object.fromEntries(settings) }
    }
  }
  return { values, places, problems }

  function report(key: string, message: string): undefined {
    problems.push({ key, message: `${source.locate(key)}: ${message}` })
  }
}

function unknownKey(key: string, inner: string, { settings }: TableDefinition): string {
  const near = suggest(inner, Object.keys(settings))
  const hint = near === undefined ? `there are ${Object.keys(settings).join(", ")}` : `did you mean ${near}?`
  return `unknown key ${key}.${shortened(inner)}; ${hint}`
}

/** True where the entries hold values that the definition accepts. */
export function areTables(config: Entry): boolean {
  return [...tableDefinitions].every(([name, { settings }]) => {
    const entries = config[name]
    return (
      Array.isArray(entries) &&
      entries.every(
        (entry: unknown) =>
          isTable(entry) &&
          typeof entry["name"] === "string" &&
          Object.entries(settings).every(([setting, { parse }]) => parse(entry[camelCase(setting)]).ok),
      )
    )
  })
}

/** A mistake may hold anything and be of any length. */
const shortened = (text: string): string =>
  JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text).slice(1, -1)
