import { describe, expect, it } from "vitest"
import type { TenantSpec } from "../../../src/machines/residency/residency-types.ts"
import { gpuVariant, ledgerBook } from "../../support/residency-ledger-book.ts"

const llm: TenantSpec = {
  model: "llm",
  modelClass: "llm",
  pinned: false,
  variants: [gpuVariant("llm", 5280)],
}

const ledger = () => {
  const book = ledgerBook([llm], { unsaid: ["look", "report"] })
  return { ...book, gone: () => book.tell({ type: "readings.gone" }) }
}

describe("readings that end", () => {
  it("leave nothing of what others were seen to use: who waits for it is served by the declared figures", () => {
    const book = ledger()
    book.read(660 + 3990)
    book.model("llm", "a")
    expect(book.pool()).toMatchObject({ foreignMib: 3990, budgetMib: 3030 })
    expect(book.said()).toEqual([])
    book.gone()
    expect(book.said()).toEqual(["grant a: llm"])
    expect(book.pool()).toMatchObject({ foreignMib: null, budgetMib: 7020, committedMib: 5280 })
  })

  it("leave the configured size of the GPU, where the driver told a smaller one", () => {
    const book = ledger()
    book.read(660, { totalMib: 6144 })
    expect(book.pool().budgetMib).toBe(4972)
    book.gone()
    expect(book.pool().budgetMib).toBe(7020)
  })

  it("change nothing where there were none", () => {
    const book = ledger()
    const before = book.pool()
    book.gone()
    expect(book.pool()).toEqual(before)
    expect(before.foreignMib).toBeNull()
  })

  it("count again when they are back, a game and what is loaded of ours included", () => {
    const book = ledger()
    book.read(660)
    book.load("llm")
    book.read(660 + 5300)
    book.said()
    book.gone()
    book.pass(60_000)
    expect(book.pool()).toMatchObject({ foreignMib: null, committedMib: 5300 })
    book.read(660 + 5300 + 2000)
    expect(book.pool()).toMatchObject({ foreignMib: 2000, budgetMib: 5020 })
    expect(book.said()).toEqual(["evict llm"])
  })

  it("end the measuring of a load: a game that comes meanwhile is not taken for the model", () => {
    const book = ledger()
    book.read(660)
    book.model("llm", "a")
    book.gone()
    book.loaded("llm", { measuredMib: 5270 })
    expect(book.said()).toEqual(["grant a: llm", "learned llm 5270"])
    book.read(660 + 5270 + 1500)
    expect(book.said()).toEqual([])
    expect(book.pool()).toMatchObject({ committedMib: 5280, foreignMib: 1500 })
  })

  it("leave a load that waits for its second reading to its engine's word", () => {
    const book = ledger()
    book.read(660)
    book.model("llm", "a")
    book.loaded("llm", { measuredMib: 5270 })
    book.said()
    book.gone()
    expect(book.said()).toEqual(["learned llm 5270"])
    book.read(660 + 5270 + 1500)
    expect(book.said()).toEqual([])
    expect(book.pool().foreignMib).toBe(1500)
  })

  it("end the wait for memory to be seen back when its time is over", () => {
    const book = ledger()
    book.read(660)
    book.load("llm")
    book.read(660 + 5280)
    book.end("own llm")
    book.gone()
    expect(book.pool().committedMib).toBe(5280)
    book.pass(2000)
    expect(book.pool()).toMatchObject({ committedMib: 0, foreignMib: null, budgetMib: 7020 })
  })
})

describe("a first reading that comes late", () => {
  it("counts at once: what others use leaves less, and what is idle goes", () => {
    const book = ledger()
    book.load("llm")
    book.said()
    book.pass(10_000)
    book.read(660 + 5280 + 3000)
    expect(book.pool()).toMatchObject({ foreignMib: 3000, overcommitted: true })
    expect(book.said()).toEqual(["evict llm"])
  })
})
