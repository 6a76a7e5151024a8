import fc from "fast-check"
import { expect, test } from "vitest"
import { canonicalJson } from "../../src/security/canonical-json.ts"

test("it does not depend on the order in which keys were set", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (object) => {
      const turned = Object.fromEntries(Object.entries(object).toReversed())
      expect(canonicalJson(turned)).toBe(canonicalJson(object))
      expect(JSON.parse(canonicalJson(object))).toEqual(JSON.parse(JSON.stringify(object)))
    }),
  )
  expect(canonicalJson({ b: [{ z: 1, y: undefined }], a: "\ud800" })).toBe('{"a":"\\ud800","b":[{"z":1}]}')
  expect(canonicalJson(JSON.parse('{"__proto__": {"b": 1, "a": 2}}'))).toBe('{"__proto__":{"a":2,"b":1}}')
})

test("a key that is named like a method is a key", () => {
  expect(canonicalJson({ toJSON: { b: 1, a: 2 }, a: 1 })).toBe('{"a":1,"toJSON":{"a":2,"b":1}}')
  expect(canonicalJson({ at: new Date(0) })).toBe('{"at":"1970-01-01T00:00:00.000Z"}')
})
