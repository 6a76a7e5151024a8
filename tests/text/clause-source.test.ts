import fc from "fast-check"
import { expect, it } from "vitest"
import { ClauseSource } from "../../src/text/clause-source.ts"
import { ClauseSplitter } from "../../src/text/clause-splitter.ts"

it("gives the whole text back, white space included, however it came", () => {
  const word = fc.constantFrom("one", "two,", "three.", "Four!", " ", "\n", "\n\n", "- ", "e.g. ", "—", "🙂 ")
  fc.assert(
    fc.property(fc.array(word, { maxLength: 60 }), (pieces) => {
      const [splitter, source] = [new ClauseSplitter(), new ClauseSource()]
      const taken = pieces.map((piece) => {
        source.push(piece)
        return splitter.push(piece).map((clause) => source.take(clause))
      })
      const rest = splitter.flush().map((clause) => source.take(clause))
      expect([...taken.flat(), ...rest].join("").trimEnd()).toBe(pieces.join("").trimEnd())
    }),
  )
})
