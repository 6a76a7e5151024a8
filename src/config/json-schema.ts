import { namedSettings, sectionDefinitions } from "./definition.ts"

type Json = Readonly<Record<string, unknown>>

/** JSON Schema (draft 2020-12) of the configuration file, for editors that check TOML. */
export function configJsonSchema(): Json {
  const properties: Record<string, Json> = {}
  for (const [section, { doc, shorthand }] of sectionDefinitions) {
    const settings = namedSettings.filter((named) => named.section === section)
    const table: Json = {
      type: "object",
      description: doc,
      additionalProperties: false,
      properties: Object.fromEntries(
        settings.map(({ name, setting }) => [
          name,
          {
            ...setting.jsonSchema,
            description: setting.doc,
            ...(setting.fallback === undefined ? {} : { default: setting.fallback }),
          },
        ]),
      ),
    }
    const bare = settings.find((named) => named.name === shorthand)
    properties[section] = bare === undefined ? table : { anyOf: [table, bare.setting.jsonSchema] }
  }
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Jett configuration",
    type: "object",
    additionalProperties: false,
    properties,
  }
}
