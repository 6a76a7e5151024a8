import { readFileSync } from "node:fs"
import { ConfigError, type ConfigProblem } from "./config-error.ts"
import {
  type Config,
  type NamedSetting,
  namedSettings,
  sectionDefinitions,
  tableDefinitions,
} from "./definition.ts"
import { configFile, type Environment } from "./paths.ts"
import { configWarnings, conflictsOf } from "./rules.ts"
import { describe, type Parsed } from "./setting.ts"
import { suggest } from "./suggest.ts"
import { areTables, tableValues } from "./table-values.ts"
import { isTable, parseToml, type TomlSource } from "./toml-source.ts"

/** Where a value came from. `at` reads like `config.toml:4`, `JETT_WAKE_THRESHOLD` or `--set wake.threshold`. */
export interface Origin {
  readonly from: "flag" | "env" | "file" | "default"
  readonly at: string
}

export interface LoadOptions {
  readonly env: Environment
  /** A file named on the command line: it must exist. Absent: the one in the XDG folder, which need not. */
  readonly file?: string | undefined
  /** `key → text`, as given on the command line; `key` is `section.name`. */
  readonly overrides?: ReadonlyMap<string, string> | undefined
  /** True where the file is about to be made, as by `jett setup`. */
  readonly mayBeMissing?: boolean | undefined
}

export interface LoadedConfig {
  readonly config: Config
  /** The origin of every setting, by key; of a table's, where it is given: `containers.n8n.allow`. */
  readonly origins: ReadonlyMap<string, Origin>
  readonly file: string
  readonly fileExists: boolean
  /** What is allowed but probably not meant. */
  readonly warnings: readonly string[]
}

const MAX_FILE_BYTES = 1024 * 1024

/** Flag, then `JETT_*`, then the file, then the default. Raises ConfigError with every problem found. */
export function loadConfig(options: LoadOptions): LoadedConfig {
  const file = options.file ?? configFile(options.env)
  const named = options.file !== undefined || Boolean(options.env["JETT_CONFIG"])
  const content = readConfig(file, named && options.mayBeMissing !== true)
  const source = parseToml(file, content ?? "")
  const problems: ConfigProblem[] = []
  const given = fileValues(source, problems)
  const overrides = flagValues(options.overrides ?? new Map(), problems)
  const origins = new Map<string, Origin>()
  const sections: Record<string, Record<string, unknown>> = {}
  for (const section of sectionDefinitions.keys()) sections[section] = {}
  for (const named of namedSettings) {
    const { value, origin, problem } = resolve(named, overrides, options.env, given, source)
    if (problem !== undefined) problems.push({ key: named.key, message: problem })
    const section = sections[named.section]
    if (section !== undefined) section[named.property] = value
    origins.set(named.key, origin)
  }
  const tables = tableValues(source)
  problems.push(...tables.problems)
  for (const [key, at] of tables.places) origins.set(key, { from: "file", at })
  const tree = { ...sections, ...tables.values }
  if (problems.length === 0 && isConfig(tree)) {
    problems.push(...conflictsOf(tree, (key) => origins.get(key)?.at ?? key))
    if (problems.length === 0) {
      const warnings = configWarnings(tree, options.env)
      return { config: tree, origins, file, fileExists: content !== undefined, warnings }
    }
  }
  throw new ConfigError(problems)
}

/** True where every setting of the definition holds a value that the definition accepts. */
function isConfig(value: unknown): value is Config {
  if (!isTable(value)) return false
  const hasSettings = namedSettings.every(({ section, property, setting }) => {
    const values = value[section]
    return isTable(values) && setting.parse(values[property]).ok
  })
  return hasSettings && areTables(value)
}

interface Resolved {
  readonly value: unknown
  readonly origin: Origin
  readonly problem?: string
}

function resolve(
  named: NamedSetting,
  overrides: ReadonlyMap<string, string>,
  env: Environment,
  given: ReadonlyMap<string, unknown>,
  source: TomlSource,
): Resolved {
  const { setting, key } = named
  const settle = (parsed: Parsed<unknown>, origin: Origin, fix: string): Resolved =>
    parsed.ok
      ? { value: parsed.value, origin }
      : {
          value: setting.fallback,
          origin,
          problem: `${origin.at}: ${key} is ${parsed.found}; expected ${setting.expected}. Fix: ${fix}`,
        }
  const example = setting.fallback === undefined ? "leave it out" : JSON.stringify(setting.fallback)
  const flag = overrides.get(key)
  if (flag !== undefined) {
    return settle(setting.parseText(flag), { from: "flag", at: `--set ${key}` }, `--set ${key}=${example}`)
  }
  const bare = sectionDefinitions.get(named.section)?.shorthand === named.name
  const variable = bare && env[named.env] === undefined ? named.env.replace(/_[A-Z]+$/, "") : named.env
  const text = env[variable]
  if (text !== undefined && text !== "") {
    return settle(setting.parseText(text), { from: "env", at: variable }, `${variable}=${example}`)
  }
  if (given.has(key)) {
    const parsed = setting.parse(given.get(key))
    const fix = setting.fallback === undefined ? "leave it out." : `${named.name} = ${example}`
    return settle(parsed, { from: "file", at: source.locate(key) }, fix)
  }
  return { value: setting.fallback, origin: { from: "default", at: "default" } }
}

/** The file's values by key; what the definition does not know becomes a problem. */
function fileValues(source: TomlSource, problems: ConfigProblem[]): ReadonlyMap<string, unknown> {
  const values = new Map<string, unknown>()
  for (const [name, value] of Object.entries(source.table)) {
    if (tableDefinitions.has(name)) continue
    const section = sectionDefinitions.get(name)
    if (section === undefined) {
      problems.push({ key: name, message: `${source.locate(name)}: ${unknownKey(name, isTable(value))}` })
    } else if (isTable(value)) {
      for (const [inner, innerValue] of Object.entries(value)) {
        const key = `${name}.${inner}`
        if (Object.hasOwn(section.settings, inner)) values.set(key, innerValue)
        else problems.push({ key, message: `${source.locate(key)}: ${unknownKey(key, false)}` })
      }
    } else if (section.shorthand !== undefined) {
      values.set(`${name}.${section.shorthand}`, value)
    } else {
      const message = `${source.locate(name)}: ${name} is ${describe(value)}; expected a section [${name}].`
      problems.push({ key: name, message })
    }
  }
  return values
}

function flagValues(
  overrides: ReadonlyMap<string, string>,
  problems: ConfigProblem[],
): ReadonlyMap<string, string> {
  const values = new Map<string, string>()
  for (const [name, value] of overrides) {
    const shorthand = sectionDefinitions.get(name)?.shorthand
    const key = shorthand === undefined ? name : `${name}.${shorthand}`
    if (namedSettings.some((named) => named.key === key)) values.set(key, value)
    else problems.push({ key, message: `--set ${name}: ${unknownKey(key, false)}` })
  }
  return values
}

function unknownKey(key: string, isSection: boolean): string {
  if (isSection) {
    const names = [...sectionDefinitions.keys(), ...tableDefinitions.keys()]
    const near = suggest(key, names)
    const hint = near === undefined ? `there are ${names.join(", ")}` : `did you mean [${near}]?`
    return `unknown section [${key}]; ${hint}`
  }
  const table = key.split(".")[0] ?? key
  if (tableDefinitions.has(table)) return `[${table}.NAME] is read from the file alone; set it there.`
  const keys = namedSettings.map((named) => named.key)
  const last = key.slice(key.lastIndexOf(".") + 1)
  const elsewhere = namedSettings.find((named) => named.name === last)?.key
  const near = suggest(key, keys) ?? elsewhere ?? nearestName(key, last)
  return near === undefined
    ? `unknown key ${key}; \`jett config show\` lists every key.`
    : `unknown key ${key}; did you mean ${near}?`
}

/** A misspelt name in the right section, or alone: `treshold` is near `wake.threshold`. */
function nearestName(key: string, last: string): string | undefined {
  const inSection = namedSettings.filter((named) => key.startsWith(`${named.section}.`))
  const pool = inSection.length > 0 ? inSection : namedSettings
  const name = suggest(
    last,
    pool.map((named) => named.name),
  )
  return pool.find((named) => named.name === name)?.key
}

function readConfig(path: string, mustExist: boolean): string | undefined {
  try {
    const bytes = readFileSync(path)
    if (bytes.length <= MAX_FILE_BYTES) return bytes.toString("utf8")
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined
    if (code === "ENOENT" && !mustExist) return undefined
    const fix =
      code === "ENOENT" ? "name a file that exists, or run `jett setup`" : "make it a file that you can read"
    throw new ConfigError([{ message: `${path}: cannot be read (${code ?? error}); ${fix}.` }], {
      cause: error,
    })
  }
  throw new ConfigError([
    { message: `${path}: larger than ${MAX_FILE_BYTES} bytes; expected a TOML configuration.` },
  ])
}
