import { describe, expect, it } from "vitest"
import { parseTokenizer } from "../../src/models/moonshine-tokenizer.ts"

function tokenizerOf(...tokens: readonly (string | Buffer)[]) {
  const parts = tokens.flatMap((token) => {
    const bytes = Buffer.from(token)
    const length = bytes.length < 128 ? [bytes.length] : [128 + (bytes.length % 128), bytes.length >> 7]
    return [Buffer.from(length), bytes]
  })
  return Buffer.concat(parts)
}

const file = tokenizerOf(
  "<unk>",
  "<s>",
  "</s>",
  "▁Hello",
  ",",
  "▁wor",
  "ld",
  Buffer.of(0xc3),
  Buffer.of(0xa9),
  "<<ST_3>>",
)

describe("Moonshine's tokenizer", () => {
  it("joins tokens, with the mark as a space", () => {
    expect(parseTokenizer(file).decode([3, 4, 5, 6])).toBe("Hello, world")
  })

  it("drops special tokens, the end token among them", () => {
    expect(parseTokenizer(file).decode([1, 3, 9, 2])).toBe("Hello")
  })

  it("puts a character back together from byte tokens", () => {
    expect(parseTokenizer(file).decode([7, 8])).toBe("é")
  })

  it("reads lengths of two bytes", () => {
    const long = "x".repeat(300)
    const tokenizer = parseTokenizer(tokenizerOf("a", long, "b"))
    expect(tokenizer.size).toBe(3)
    expect(tokenizer.decode([0, 1, 2])).toBe(`a${long}b`)
  })

  it("says so when the file is cut short", () => {
    expect(() => parseTokenizer(file.subarray(0, file.length - 2))).toThrow(
      "tokenizer.bin ends in the middle of token 9: it is cut short. Pull the model again.",
    )
  })
})
