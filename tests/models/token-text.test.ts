import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { TokenText } from "../../src/models/token-text.ts"

/** A tokenizer whose tokens are single bytes: the worst case. */
const textOfBytes = (bytes: readonly number[]): string => Buffer.from(bytes).toString("utf8")

const streamed = (bytes: readonly number[]): string[] => {
  const text = new TokenText<number>(textOfBytes)
  return bytes.map((byte) => text.push(byte))
}

describe("TokenText", () => {
  it("holds a character back until its last byte has come", () => {
    expect(streamed([...Buffer.from("a🦊b")])).toEqual(["a", "", "", "", "🦊", "b"])
  })

  it("does not wait for ever for bytes that are no character", () => {
    expect(streamed([0xff, 0xff, 0xff, 0xff, 0x61]).join("")).toMatch(/^\uFFFD+a$/)
  })

  it("gives every text whole again", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 40 }), (text) => {
        fc.pre(!text.includes("\uFFFD"))
        expect(streamed([...Buffer.from(text)]).join("")).toBe(text)
      }),
    )
  })

  it("shows the tokenizer what came before", () => {
    const seen: string[] = []
    const text = new TokenText<string>((some, before) => {
      seen.push(before.join(""))
      return some.join("")
    })
    for (const letter of "abcdefghijkl") text.push(letter)
    expect(seen.slice(-2)).toEqual(["cdefghij", "defghijk"])
  })
})
