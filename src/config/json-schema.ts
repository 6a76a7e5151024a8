import { namedSettings, sectionDefinitions, tableDefinitions } from "./definition.ts"
import type { Setting } from "./setting.ts"

type Json = Readonly<Record<string, unknown>>

/** JSON Schema (draft 2020-12) of the configuration file, for editors that check TOML. */
export function configJsonSchema(): Json {
  const properties: Record<string, Json> = {}
  for (const [section, { doc, shorthand }] of sectionDefinitions) {
    const settings = namedSettings.filter((named) => named.section === section)
    const table = tableSchema(
      doc,
      settings.map(({ name, setting }) => [name, setting]),
    )
    const bare = settings.find((named) => named.name === shorthand)
    properties[section] = bare === undefined ? table : { anyOf: [table, bare.setting.jsonSchema] }
  }
  for (const [name, { doc, settings }] of tableDefinitions) {
    properties[name] = { type: "object", additionalProperties: tableSchema(doc, Object.entries(settings)) }
  }
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Jett configuration",
    type: "object",
    additionalProperties: false,
    properties,
  }
}

const tableSchema = (
  description: string,
  settings: readonly (readonly [string, Setting<unknown>])[],
): Json => ({
  type: "object",
  description,
  additionalProperties: false,
  properties: Object.fromEntries(
    settings.map(([name, { jsonSchema, doc, fallback }]) => [
      name,
      { ...jsonSchema, description: doc, ...(fallback === undefined ? {} : { default: fallback }) },
    ]),
  ),
})
