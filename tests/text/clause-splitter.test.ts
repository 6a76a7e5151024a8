import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { ClauseSplitter } from "../../src/text/clause-splitter.ts"

function split(text: string, deltas: readonly string[] = [text]): string[] {
  const splitter = new ClauseSplitter()
  return [...deltas.flatMap((delta) => splitter.push(delta)), ...splitter.flush()]
}

describe("the first clause", () => {
  it("is out as soon as a comma closes about 25 characters", () => {
    const splitter = new ClauseSplitter()
    expect(splitter.push("The server has been running,")).toEqual([])
    expect(splitter.push(" ")).toEqual(["The server has been running,"])
  })

  it("may be a short sentence", () => {
    expect(new ClauseSplitter().push("Yes. It")).toEqual(["Yes."])
  })

  it("leaves the next clause early too when it was very short", () => {
    expect(split("Yes. The server has been running, as far as I can see, for ten days.")).toEqual([
      "Yes.",
      "The server has been running,",
      "as far as I can see, for ten days.",
    ])
  })

  it("does not end at a comma that comes too soon to sound natural", () => {
    expect(split("Well, I think that is right.")).toEqual(["Well, I think that is right."])
  })
})

describe("later clauses", () => {
  const opening = "This sentence opens the reply."

  it("are whole sentences", () => {
    expect(split(`${opening} First, second, third, and the fourth one too. Then the rest!`)).toEqual([
      opening,
      "First, second, third, and the fourth one too.",
      "Then the rest!",
    ])
  })

  it("are cut at the last inner boundary when the sentence is longer than 120 characters", () => {
    const long =
      "When the first part of a sentence goes on for quite a while, and the second part of it does just the same thing, then it is cut."
    expect(split(`${opening} ${long}`)).toEqual([
      opening,
      "When the first part of a sentence goes on for quite a while, and the second part of it does just the same thing,",
      "then it is cut.",
    ])
  })

  it("are cut at a space after 180 characters without any mark", () => {
    const clauses = split(`${opening} ${"word ".repeat(100)}`)
    expect(clauses.length).toBeGreaterThan(3)
    for (const clause of clauses) expect(clause.length).toBeLessThanOrEqual(180)
  })

  it("end with the line, so that list items do not run together", () => {
    expect(split("Two things:\n- the first\n- the second\n")).toEqual([
      "Two things:",
      "- the first",
      "- the second",
    ])
  })
})

describe("what is never cut", () => {
  it.each([
    "It is about 3.14 or 1,024 of them",
    "We meet at 10:30 in the hall",
    "Run v20.20.2 on 10.0.0.2:8080 today",
    "See https://example.com/a,b;c?d=e:f for more",
    "Ask Dr. Smith or Mr. Jones about it",
    "Use a tool, e.g. a hammer",
    "He was born in the U.S. in March",
    "The file config.toml is here",
    "Type `a, b. c; d: e` and look",
    "Read [the manual, part two. Really](https://example.com/x) first",
  ])("%s", (text) => {
    expect(split(`${"Opening sentence of the reply. "}${text}.`)).toEqual([
      "Opening sentence of the reply.",
      `${text}.`,
    ])
  })

  it("keeps a fenced block in one piece, however long", () => {
    const block = `\`\`\`sh\n${"echo one, two. three\n".repeat(40)}\`\`\``
    expect(split(`Here it is:\n${block}\nDone.`)).toEqual(["Here it is:", block, "Done."])
  })

  it("keeps the number of a list item with its text", () => {
    expect(split("1. Open the lid.\n2. Press the button.")).toEqual([
      "1. Open the lid.",
      "2. Press the button.",
    ])
  })
})

describe("what must not block", () => {
  it.each([
    ["an open quote", 'She said "go now. Then she left. '],
    ["an open bracket", "Look at (this one. Then go on. "],
    ["a lone backtick", "A lone ` is here. And more.\nNext line. "],
  ])("%s", (_name, text) => {
    expect(new ClauseSplitter().push(text).length).toBeGreaterThan(1)
  })

  it("a code span that is never closed holds at most 180 characters back", () => {
    const splitter = new ClauseSplitter()
    expect(splitter.push(`An open \` then. ${"More words. ".repeat(40)}`).length).toBeGreaterThan(10)
  })

  it("a word without end is cut, never inside a character", () => {
    const clauses = split("😀".repeat(5_000))
    expect(clauses.length).toBeGreaterThan(1)
    for (const clause of clauses) expect(clause).toMatch(/^(?:😀)+$/u)
  })
})

describe("abbreviations that can end a sentence", () => {
  it("do when a capital follows", () => {
    expect(split("We sell nuts, bolts, etc. Come and see.")).toEqual([
      "We sell nuts, bolts, etc.",
      "Come and see.",
    ])
  })
  it("do not when the sentence goes on", () => {
    expect(split("At 10 a.m. on Friday we meet.")).toEqual(["At 10 a.m. on Friday we meet."])
  })
  it("tell the answer “No.” from the number sign", () => {
    expect(split("No. That is item No. 5 of them.")).toEqual(["No.", "That is item No. 5 of them."])
  })
})

describe("for any text", () => {
  const piece = fc.oneof(
    fc.constantFrom(
      " ",
      "\n",
      ". ",
      ", ",
      ": ",
      "—",
      "`",
      "```\n",
      "[",
      "](",
      ")",
      "e.g. ",
      "etc. ",
      "1. ",
      "😀",
      '"',
    ),
    fc.constantFrom("word", "3.14", "https://a.b/c", "Dr. ", "x".repeat(130)),
    fc.string({ unit: "grapheme", maxLength: 8 }),
  )
  const anyText = fc.array(piece, { maxLength: 120 }).map((pieces) => pieces.join(""))
  const visible = (text: string) => text.replace(/\s+/gu, "")

  it("the clauses do not depend on how it was split into deltas", () => {
    fc.assert(
      fc.property(anyText, fc.infiniteStream(fc.integer({ min: 0, max: 9 })), (text, sizes) => {
        const deltas: string[] = []
        for (let at = 0; at < text.length; ) {
          const size = sizes.next().value
          deltas.push(text.slice(at, at + size))
          at += size
        }
        expect(split(text, deltas)).toEqual(split(text))
      }),
    )
  })

  it("nothing visible is lost and no clause is empty or padded", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const clauses = split(text)
        expect(visible(clauses.join(""))).toBe(visible(text))
        for (const clause of clauses) expect(clause).toBe(clause.trim())
        expect(clauses).not.toContain("")
      }),
    )
  })
})
