import { camelCase, namedSettings, sectionDefinitions, tableDefinitions } from "../config/definition.ts"
import type { LoadedConfig } from "../config/load-config.ts"
import { configFile } from "../config/paths.ts"
import { settingValue } from "../config/setting-value.ts"
import { isTable } from "../config/toml-source.ts"
import type { CommandContext } from "./command.ts"
import { ExitCode } from "./exit-code.ts"
import { switchOption } from "./options.ts"
import { paint, printJson } from "./output.ts"
import { loadSettings } from "./settings.ts"

/** `jett config path | show | check | schema | reference`. */
export async function run(context: CommandContext): Promise<number> {
  switch (context.verb) {
    case "config path":
      return showPath(context)
    case "config check":
      return check(context)
    case "config schema": {
      const { configJsonSchema } = await import("../config/json-schema.ts")
      printJson(context, configJsonSchema())
      return ExitCode.ok
    }
    case "config reference": {
      const { configReference } = await import("../config/reference.ts")
      context.io.out(configReference())
      return ExitCode.ok
    }
    default:
      return show(context)
  }
}

function showPath(context: CommandContext): number {
  const path = context.configFile ?? configFile(context.env)
  if (context.json) printJson(context, { path })
  else context.io.out(`${path}\n`)
  return ExitCode.ok
}

function check(context: CommandContext): number {
  const { file, fileExists, warnings } = loadSettings(context)
  if (context.json) {
    printJson(context, { ok: true, file, fileExists, warnings })
    return ExitCode.ok
  }
  for (const warning of warnings)
    context.io.note(`${paint(context.io.colour, "yellow", "warning")}: ${warning}\n`)
  context.io.note(fileExists ? `${file}: ok\n` : `${file} does not exist: the defaults are used\n`)
  return ExitCode.ok
}

async function show(context: CommandContext): Promise<number> {
  const loaded = loadSettings(context)
  const withOrigin = switchOption(context.options, "origin")
  if (context.json) {
    printJson(context, withOrigin ? describeOrigins(loaded) : loaded.config)
    return ExitCode.ok
  }
  const { stringify } = await import("smol-toml")
  for (const section of sectionDefinitions.keys()) {
    const lines = namedSettings
      .filter((named) => named.section === section)
      .map((named) => {
        const { key, name, setting } = named
        const value = settingValue(loaded.config, named)
        // What is left out is shown as a comment: TOML has no word for it.
        const line = value === undefined ? `# ${name} =` : stringify({ [name]: value }).trimEnd()
        const origin = withOrigin ? `  # ${loaded.origins.get(key)?.at ?? "default"}` : ""
        return `${line}${origin}${value === undefined && !withOrigin ? `  ${setting.doc}` : ""}\n`
      })
    if (lines.length > 0) context.io.out(`[${section}]\n${lines.join("")}\n`)
  }
  for (const entry of tableEntries(loaded)) {
    const lines = entry.settings.map(({ key, name, value }) => {
      const line = value === undefined ? `# ${name} =` : stringify({ [name]: value }).trimEnd()
      return `${line}${withOrigin ? `  # ${loaded.origins.get(key)?.at ?? "default"}` : ""}\n`
    })
    const name = /^[\w-]+$/.test(entry.name) ? entry.name : JSON.stringify(entry.name)
    context.io.out(`[${entry.table}.${name}]\n${lines.join("")}\n`)
  }
  return ExitCode.ok
}

function describeOrigins(loaded: LoadedConfig): Readonly<Record<string, unknown>> {
  const entries = namedSettings.map((named) => {
    const value = settingValue(loaded.config, named) ?? null
    return [named.key, { value, ...loaded.origins.get(named.key) }]
  })
  const inTables = tableEntries(loaded).flatMap(({ settings }) =>
    settings.map(({ key, value }) => {
      const origin = loaded.origins.get(key) ?? { from: "default", at: "default" }
      return [key, { value: value ?? null, ...origin }]
    }),
  )
  return Object.fromEntries([...entries, ...inTables])
}

/** Every `[containers.NAME]` and the like with its settings, under the names that the file has for them. */
function tableEntries({ config }: LoadedConfig) {
  const tables: Readonly<Record<string, unknown>> = config
  return [...tableDefinitions].flatMap(([table, { settings }]) => {
    const entries: unknown = tables[table]
    if (!Array.isArray(entries)) return []
    return entries.filter(isTable).map((entry) => {
      const name = String(entry["name"])
      const named = Object.keys(settings).map((setting) => ({
        key: `${table}.${name}.${setting}`,
        name: setting,
        value: entry[camelCase(setting)],
      }))
      return { table, name, settings: named }
    })
  })
}
