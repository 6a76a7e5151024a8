import { expect, test } from "vitest"
import { namedSettings } from "../../src/config/definition.ts"
import { configJsonSchema } from "../../src/config/json-schema.ts"
import { configReference } from "../../src/config/reference.ts"

test("the schema and the reference know every setting", () => {
  const schema = JSON.stringify(configJsonSchema())
  const reference = configReference()
  for (const { name, env, setting } of namedSettings) {
    expect(schema).toContain(JSON.stringify(name))
    expect(schema).toContain(JSON.stringify(setting.doc))
    expect(reference).toContain(`| \`${name}\` |`)
    expect(reference).toContain(`\`${env}\` |`)
  }
})

test("a section of the schema has types, ranges, defaults and no room for unknown keys", () => {
  expect(configJsonSchema()).toMatchObject({
    additionalProperties: false,
    properties: {
      wake: {
        type: "object",
        additionalProperties: false,
        properties: { threshold: { type: "number", minimum: 0.01, maximum: 0.999, default: 0.5 } },
      },
      audio: {
        properties: { backend: { enum: ["auto", "pulse", "naudiodon", "null"], default: "auto" } },
      },
      language: { anyOf: [{ type: "object" }, { enum: ["en"] }] },
    },
  })
})
