import { describe, expect, it } from "vitest"
import { DEFAULT_LEDGER_SETTINGS, type TenantSpec } from "../../../src/machines/residency/residency-types.ts"
import type { LoadedAs } from "../../../src/ports/residency.ts"
import { gpuVariant, ledgerBook } from "../../support/residency-ledger-book.ts"

const llm: TenantSpec = {
  model: "llm",
  modelClass: "llm",
  pinned: false,
  variants: [gpuVariant("llm?2048", 5280), gpuVariant("llm?1024", 5136)],
}

const ledger = () => {
  const book = ledgerBook([llm], { unsaid: ["look"] })
  return {
    ...book,
    /** Loads it, and reads the card with so much of it there. */
    load: (usedMib: number, as: LoadedAs) => {
      book.model("llm", "own")
      book.loaded("llm", as)
      book.read(usedMib)
    },
  }
}

describe("a model that its engine loaded in another way than granted", () => {
  const SMALLER: LoadedAs = { measuredMib: 5100, footprintKey: "llm?1024" }

  it("in part on the processor teaches nothing, however often", () => {
    const book = ledger()
    book.read(660)
    for (let time = 0; time < 3; time++) {
      book.load(660 + 3900, { measuredMib: 3900, footprintKey: "llm?2048", partial: true })
      expect(book.pool()).toMatchObject({ committedMib: 5280, foreignMib: 0 })
      book.end("own")
      book.read(660)
    }
    expect(book.said()).toEqual(Array(3).fill("grant own: llm?2048"))
  })

  it("in part on the processor is counted as it is there when others take memory", () => {
    const book = ledger()
    book.read(660)
    book.load(660 + 3900 + 1000, { measuredMib: 3900, footprintKey: "llm?2048", partial: true })
    expect(book.pool()).toMatchObject({ foreignMib: 1000 })
  })

  it("as a lower rung is shown, counted and measured as that", () => {
    const book = ledger()
    book.read(660)
    book.load(660 + 5120, SMALLER)
    expect(book.said()).toEqual(["grant own: llm?2048", "degraded to llm?1024", "learned llm?1024 5120"])
    expect(book.leased()).toEqual(["llm loaded llm?1024 1"])
    expect(book.pool()).toMatchObject({ committedMib: 5136, foreignMib: 0 })
  })

  it("as a lower rung stays so while there is no more room than there was, and goes when there is", () => {
    const book = ledger()
    book.read(660 + 1500)
    book.load(660 + 1500 + 5120, SMALLER)
    book.said()
    book.pass(10 * DEFAULT_LEDGER_SETTINGS.upgradeMs)
    book.read(660 + 1450 + 5120)
    book.pass(2 * DEFAULT_LEDGER_SETTINGS.upgradeMs)
    expect(book.said()).toEqual([])
    book.read(660 + 5120)
    book.pass(DEFAULT_LEDGER_SETTINGS.upgradeMs)
    expect(book.said()).toEqual(["evict llm"])
  })

  it("is tried anew as a whole at its next load", () => {
    const book = ledger()
    book.read(660)
    book.load(660 + 5120, SMALLER)
    book.end("own")
    book.read(660)
    book.said()
    book.load(660 + 5280, { measuredMib: 5200, footprintKey: "llm?2048" })
    expect(book.said()).toEqual(["grant own: llm?2048", "learned llm?2048 5280"])
  })

  it("under a name that is none of its variants' is what was granted", () => {
    const book = ledger()
    book.read(660)
    book.load(660 + 5280, { footprintKey: "llm?9" })
    expect(book.leased()).toEqual(["llm loaded llm?2048 1"])
  })
})
