import { describe, expect, it } from "vitest"
import { Taint } from "../../../src/actors/guard/taint.ts"

describe("the tainted conversations", () => {
  it("forget, past their bound, the one that was used longest ago", () => {
    const taint = new Taint()
    for (let i = 0; i < 10_000; i++) taint.add(`c${i}`)
    expect(taint.has("c0")).toBe(true)
    taint.add("one-more")
    expect([taint.has("c0"), taint.has("c1"), taint.has("one-more")]).toEqual([true, false, true])
    expect(taint.has("never")).toBe(false)
  })
})
