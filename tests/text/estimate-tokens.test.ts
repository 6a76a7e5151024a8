import { describe, expect, it } from "vitest"
import { estimateTokens } from "../../src/text/estimate-tokens.ts"

describe("estimateTokens", () => {
  it("counts nothing for nothing", () => {
    expect(estimateTokens("")).toBe(0)
  })

  it("counts a token for every three letters or spaces, rounded up", () => {
    expect(estimateTokens("abc def")).toBe(3)
  })

  it("counts each digit and each sign, since some tokenizers do", () => {
    expect(estimateTokens("10.0.0.2")).toBe(8)
  })

  it("counts the bytes of what is not ASCII", () => {
    expect(estimateTokens("é")).toBe(2)
    expect(estimateTokens("日本")).toBe(6)
    expect(estimateTokens("🦊")).toBe(4)
  })
})
