import fc from "fast-check"
import { parse } from "smol-toml"
import { expect, test } from "vitest"
import { type EditValue, editToml } from "../../src/config/edit-toml.ts"

const edits = (values: Readonly<Record<string, EditValue>>) => new Map(Object.entries(values))

test("a new text gets its sections", () => {
  expect(editToml("", edits({ "audio.input": "mic", "wake.threshold": 0.4, "audio.volume": 3 }))).toBe(
    '[audio]\ninput = "mic"\nvolume = 3\n\n[wake]\nthreshold = 0.4\n',
  )
})

test("comments, order and unknown lines stay; the comment after a changed value too", () => {
  const before = `# mine
[audio]
# the good one
input = "old # not a comment"  # keep me

# about waking
[wake] # section
threshold = 0.5
`
  expect(
    editToml(before, edits({ "audio.input": "new", "audio.volume": 20, "wake.threshold": undefined })),
  ).toBe(
    `# mine
[audio]
# the good one
input = "new" # keep me
volume = 20

# about waking
[wake] # section
`,
  )
})

test("taking out what is not there changes nothing", () => {
  expect(editToml("[a]\nb = 1\n", edits({ "a.c": undefined, "x.y": undefined }))).toBe("[a]\nb = 1\n")
})

test("whatever was there and whatever is set, the result parses to both", () => {
  const name = fc.constantFrom("one", "two", "three")
  const key = fc.tuple(name, name).map(([section, inner]) => `${section}.${inner}`)
  const value: fc.Arbitrary<EditValue> = fc.oneof(fc.string({ unit: "grapheme" }), fc.integer(), fc.boolean())
  const tables = fc.dictionary(name, fc.dictionary(name, value, { maxKeys: 3 }), { maxKeys: 3 })
  fc.assert(
    fc.property(tables, fc.dictionary(key, value), (before, changes) => {
      const start = Object.entries(before)
        .map(([section, values]) =>
          edits(Object.fromEntries(Object.entries(values).map(([k, v]) => [`${section}.${k}`, v]))),
        )
        .reduce((text, change) => editToml(text, change), "# kept\n")
      const after = editToml(start, edits(changes))
      expect(after.startsWith("# kept\n")).toBe(true)
      const expected: Record<string, Record<string, EditValue>> = {}
      for (const [section, values] of Object.entries(before)) {
        if (Object.keys(values).length > 0) expected[section] = { ...values }
      }
      for (const [changed, to] of Object.entries(changes)) {
        const [section = "", inner = ""] = changed.split(".")
        expected[section] = { ...expected[section], [inner]: to }
      }
      expect(parse(after)).toEqual(expected)
    }),
  )
})
