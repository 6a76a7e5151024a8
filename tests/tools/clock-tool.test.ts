import * as Effect from "effect/Effect"
import { expect, it } from "vitest"
import { clockTools } from "../../src/tools/clock-tool.ts"

const now = { hour: 10, minute: 30, weekday: 2, day: 5, month: 3, year: 2024, hourFormat: 12 } as const
const tools = clockTools({ now: () => now })

it.each([
  ["get_time", "It's ten thirty.", { hour: 10, minute: 30 }],
  [
    "get_date",
    "It's Tuesday, March fifth, twenty twenty four.",
    { year: 2024, month: 3, day: 5, weekday: 2 },
  ],
])("%s says %s", (name, speech, observed) => {
  const tool = tools.find(({ definition }) => definition.name === name)
  const prepared = tool?.prepare({})
  if (tool === undefined || prepared?.type !== "operation") throw new Error("not prepared")
  expect(prepared.operation).toMatchObject({ tool: name, tier: "read", arguments: {} })
  expect(Effect.runSync(tool.perform(prepared.operation, undefined))).toEqual({
    outcome: "done",
    speech,
    observed,
  })
})

it("takes no arguments at all", () => {
  for (const { prepare, definition } of tools) {
    expect(prepare({ zone: "Asia/Tokyo" })).toMatchObject({ type: "refused", code: "malformed" })
    expect(definition.parameters).toEqual({
      type: "object",
      properties: {},
    })
  }
})
