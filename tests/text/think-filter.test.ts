import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { ThinkFilter } from "../../src/text/think-filter.ts"

const filtered = (...pieces: readonly string[]): string => {
  const filter = new ThinkFilter()
  return pieces.map((piece) => filter.push(piece)).join("") + filter.flush()
}

describe("ThinkFilter", () => {
  it("lets ordinary text through as it comes", () => {
    const filter = new ThinkFilter()
    expect(filter.push("Hello ")).toBe("Hello ")
    expect(filter.push("there.")).toBe("there.")
    expect(filter.flush()).toBe("")
  })

  it("takes out the empty block that Qwen 3 writes when it must not think, and the lines after it", () => {
    expect(filtered("<think>\n\n</think>\n\n", "It is late.")).toBe("It is late.")
  })

  it("takes out a block whose tags come in pieces", () => {
    expect(filtered("<th", "ink>secret </thi", "nk> Paris", ".")).toBe("Paris.")
  })

  it("drops a block that is never closed", () => {
    expect(filtered("Yes. ", "<think>hmm, and then", " more")).toBe("Yes. ")
  })

  it("drops a closing tag that nothing opened, by itself", () => {
    expect(filtered("Well</thi", "nk> yes")).toBe("Well yes")
  })

  it("gives back what only looked like a tag", () => {
    expect(filtered("a <thi", "rd> b <")).toBe("a <third> b <")
  })

  it("knows the tags in capitals", () => {
    expect(filtered("<THINK>no</Think>yes")).toBe("yes")
  })

  it("keeps its place beside letters that grow when lower-cased", () => {
    expect(filtered("İİİ<think>x</think>İ")).toBe("İİİİ")
  })

  it("says nothing of a reply that is only a thought", () => {
    expect(filtered("<think>all of it", "</think>", "  \n")).toBe("")
  })

  it("gives the same text however the stream is cut", () => {
    const token = fc.constantFrom("<think>", "</think>", "<", "think>", "/", " ", "word", "\n", "<th", "é🦊")
    fc.assert(
      fc.property(fc.array(token, { maxLength: 14 }), fc.infiniteStream(fc.nat(5)), (tokens, cuts) => {
        const whole = tokens.join("")
        const pieces: string[] = []
        let rest = whole
        for (const cut of cuts) {
          if (rest === "") break
          pieces.push(rest.slice(0, cut))
          rest = rest.slice(cut)
        }
        expect(filtered(...pieces)).toBe(filtered(whole))
        expect(filtered(whole)).toBe(reference(whole))
      }),
      { numRuns: 2_000 },
    )
  })
})

/** The same, written for a whole text. */
const reference = (text: string): string =>
  text
    .split(/(<think>[\s\S]*?(?:<\/think>|$)|<\/think>)/i)
    .filter((_, index) => index % 2 === 0)
    .join("")
    .trimStart()
