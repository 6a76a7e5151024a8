import fc from "fast-check"
import { expect, test } from "vitest"
import { LineSplitter } from "../../src/platform/line-splitter.ts"

test("however the bytes are cut, the lines come out whole", () => {
  const line = fc.string({ unit: "grapheme", maxLength: 40 }).map((text) => text.replaceAll("\n", ""))
  fc.assert(
    fc.property(fc.array(line), fc.array(fc.nat(7)), (lines, sizes) => {
      const bytes = Buffer.from(lines.map((text) => `${text}\n`).join(""))
      const splitter = new LineSplitter(1_000)
      const got: string[] = []
      let at = 0
      for (let step = 0; at < bytes.length; step++) {
        const size = 1 + (sizes[step % sizes.length] ?? 3)
        got.push(...splitter.push(bytes.subarray(at, at + size)))
        at += size
      }
      // What is not valid Unicode does not survive UTF-8, with or without a splitter.
      expect(got).toEqual(lines.map((text) => Buffer.from(text).toString()))
    }),
  )
})

test("a line of the limit passes, one byte more does not, and nothing does after that", () => {
  const splitter = new LineSplitter(4)
  expect(splitter.push(Buffer.from("abcd\nef"))).toEqual(["abcd"])
  expect(splitter.push(Buffer.from("ghi"))).toBe("too-long")
  expect(splitter.push(Buffer.from("\nok\n"))).toBe("too-long")
})
