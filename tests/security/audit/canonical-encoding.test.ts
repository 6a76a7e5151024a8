import fc from "fast-check"
import { expect, test } from "vitest"
import { encodeValues, type SqlValue, Utf8Text } from "../../../src/security/audit/canonical-encoding.ts"

const value: fc.Arbitrary<SqlValue> = fc.oneof(
  fc.constant(null),
  fc.maxSafeInteger(),
  fc.string({ unit: "grapheme" }),
  fc.constantFrom("", "0", "\u0000", "null"),
  fc.uint8Array({ maxLength: 8 }),
)
const values = fc.array(value, { maxLength: 5 })

test("two lists encode alike only if they are alike", () => {
  fc.assert(
    fc.property(values, values, (a, b) => {
      expect(encodeValues(a).equals(encodeValues(b))).toBe(
        JSON.stringify(a.map(typed)) === JSON.stringify(b.map(typed)),
      )
    }),
    { numRuns: 2_000 },
  )
})

test("a value cannot move over to its neighbour, nor to another type", () => {
  const lists: readonly (readonly SqlValue[])[] = [
    ["ab", ""],
    ["a", "b"],
    ["", "ab"],
    ["ab"],
    ["ab", null],
    [null, "ab"],
    [1],
    ["1"],
    [Buffer.from("1")],
    [Buffer.from("ab"), ""],
  ]
  const encoded = lists.map((list) => encodeValues(list).toString("hex"))
  expect(new Set(encoded).size).toBe(lists.length)
})

test("the bytes are those of the description", () => {
  expect(encodeValues([null, -2, "é", Uint8Array.of(7)]).toString("hex")).toBe(
    ["00", "01fffffffffffffffe", "0200000002c3a9", "030000000107"].join(""),
  )
  expect(encodeValues([5n])).toEqual(encodeValues([5]))
  expect(encodeValues([new Utf8Text(Buffer.from("é"))])).toEqual(encodeValues(["é"]))
})

test("a number that is not whole is refused", () => {
  expect(() => encodeValues([1.5])).toThrow(RangeError)
})

const typed = (item: SqlValue): unknown => {
  if (item instanceof Uint8Array) return ["bytes", ...item]
  // −0 and 0 are one integer.
  return typeof item === "number" ? item + 0 : item
}
