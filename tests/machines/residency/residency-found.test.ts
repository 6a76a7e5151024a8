import { describe, expect, it } from "vitest"
import { DEFAULT_LEDGER_SETTINGS, type TenantSpec } from "../../../src/machines/residency/residency-types.ts"
import type { FoundModel } from "../../../src/ports/residency.ts"
import { gpuVariant, ledgerBook } from "../../support/residency-ledger-book.ts"

const llm: TenantSpec = {
  model: "llm",
  modelClass: "llm",
  pinned: false,
  variants: [gpuVariant("llm?2048", 5280), gpuVariant("llm?1024", 5136)],
}
const stt: TenantSpec = {
  model: "stt",
  modelClass: "stt",
  pinned: false,
  variants: [{ ...gpuVariant("stt", 2500), lossMs: 0 }],
}

const WHOLE: FoundModel = { footprintKey: "llm?2048", mib: 5200, partial: false }

const ledger = (footprints: Readonly<Record<string, readonly number[]>> = {}) => {
  const book = ledgerBook([llm, stt], { footprints, unsaid: ["look", "report"] })
  return {
    ...book,
    found: (found: FoundModel | undefined) => book.tell({ type: "tenant.found", model: "llm", found }),
  }
}

const READ_MIB = 660 + 5200

describe("a model that a server was found to hold", () => {
  it("is ours and no stranger's from that moment on, and its load asks for no more", () => {
    const book = ledger()
    book.read(READ_MIB)
    book.turn("a", ["llm"])
    expect(book.pool()).toMatchObject({ foreignMib: 5200, budgetMib: 1820 })
    expect(book.said()).toEqual([])
    book.found(WHOLE)
    expect(book.pool()).toMatchObject({ foreignMib: 0, budgetMib: 7020, committedMib: 5280 })
    book.model("llm", "own")
    book.loaded("llm", { measuredMib: 5200 })
    book.read(READ_MIB)
    expect(book.said()).toEqual(["grant a: llm?2048", "grant own: llm?2048"])
    expect(book.leased()).toEqual(["llm loaded llm?2048 2"])
    expect(book.pool()).toMatchObject({ foreignMib: 0, committedMib: 5280 })
  })

  it("leaves what other programs use beside it to them, to the MiB", () => {
    const book = ledger()
    book.read(READ_MIB + 900)
    book.found(WHOLE)
    expect(book.pool()).toMatchObject({ foreignMib: 900, budgetMib: 6120 })
    book.read(READ_MIB + 1_000)
    expect(book.pool()).toMatchObject({ foreignMib: 1_000 })
  })

  it("is taken to hold what three loads of it were measured to take, of which its server tells less", () => {
    const book = ledger({ "llm?2048": [5400, 5390, 5400] })
    book.read(660 + 5400)
    book.found(WHOLE)
    expect(book.pool()).toMatchObject({ foreignMib: 0, committedMib: 5400 })
  })

  it("teaches nothing about its footprint: it was in the readings before and after", () => {
    const book = ledger()
    book.read(READ_MIB)
    book.found(WHOLE)
    book.model("llm", "own")
    book.loaded("llm", { measuredMib: 5200 })
    book.read(READ_MIB)
    expect(book.said()).toEqual(["grant own: llm?2048"])
  })

  it("is idle until somebody leases it, so it goes where others need the room", () => {
    const book = ledger()
    book.read(READ_MIB)
    book.found(WHOLE)
    book.model("stt", "stt")
    expect(book.said()).toEqual(["evict llm"])
    book.evicted("llm")
    book.read(660)
    expect(book.said()).toEqual(["grant stt: stt"])
  })

  it("stays when the turn ends that was the only one to lease it", () => {
    const book = ledger()
    book.read(READ_MIB)
    book.found(WHOLE)
    book.turn("a", ["llm"])
    book.end("a")
    expect(book.leased()).toEqual(["llm loaded llm?2048 0"])
    expect(book.pool()).toMatchObject({ foreignMib: 0, committedMib: 5280 })
  })

  it("is gone when the server is found to hold it no more; to a turn it stays promised", () => {
    for (const isLeased of [false, true]) {
      const book = ledger()
      book.read(READ_MIB)
      book.found(WHOLE)
      if (isLeased) book.turn("a", ["llm"])
      book.found(undefined)
      book.read(660)
      expect(book.leased()).toEqual(isLeased ? ["llm committed llm?2048 1"] : [])
      expect(book.pool()).toMatchObject({ foreignMib: 0, committedMib: isLeased ? 5280 : 0 })
    }
  })

  it.each<[string, FoundModel]>([
    ["with options that are not ours", { footprintKey: undefined, mib: 5200, partial: false }],
    ["in part on the processor", { ...WHOLE, partial: true }],
  ])("%s has to leave, and who wants it waits until a reading shows that", (_, found) => {
    const book = ledger()
    book.read(READ_MIB)
    book.found(found)
    book.model("llm", "own")
    expect(book.said()).toEqual(["evict llm"])
    expect(book.pool()).toMatchObject({ foreignMib: 0, committedMib: 5200 })
    book.evicted("llm")
    book.read(READ_MIB)
    expect(book.said()).toEqual([])
    book.read(700)
    expect(book.said()).toEqual(["grant own: llm?2048"])
  })

  it("as another rung than a turn was promised has to leave", () => {
    const book = ledger()
    book.read(660)
    book.turn("a", ["llm"])
    book.found({ footprintKey: "llm?1024", mib: 5100, partial: false })
    expect(book.said()).toEqual(["grant a: llm?2048", "evict llm"])
  })

  it("as a lower rung counts as that, and goes for the better one when there was room for a while", () => {
    const book = ledger()
    book.read(660 + 5136)
    book.found({ footprintKey: "llm?1024", mib: 5136, partial: false })
    expect(book.leased()).toEqual(["llm loaded llm?1024 0"])
    book.pass(DEFAULT_LEDGER_SETTINGS.upgradeMs)
    expect(book.said()).toEqual(["evict llm"])
  })

  it("is told about in vain while our own lease covers it, or while it is leaving", () => {
    const book = ledger()
    book.read(660)
    book.model("llm", "own")
    book.found({ ...WHOLE, mib: 9 })
    book.loaded("llm")
    book.read(660 + 5280)
    book.found(undefined)
    expect(book.leased()).toEqual(["llm loaded llm?2048 1"])
    book.model("stt", "stt")
    book.found(WHOLE)
    expect(book.leased()).toEqual(["llm releasing llm?2048 1", "stt waiting  0"])
  })

  it("although it was said to be unloaded was loaded by another client, and is not waited for in vain", () => {
    const book = ledger()
    book.read(660)
    book.model("llm", "own")
    book.loaded("llm", { measuredMib: 5200 })
    book.read(660 + 5280)
    book.end("own")
    book.read(660 + 6000)
    book.found({ footprintKey: undefined, mib: 6000, partial: false })
    book.model("llm", "again")
    expect(book.said()).toEqual(["grant own: llm?2048", "learned llm?2048 5280", "evict llm"])
    book.evicted("llm")
    book.read(660)
    expect(book.said()).toEqual(["grant again: llm?2048"])
  })

  it("is a stranger's again when nobody here knows the model any more", () => {
    const book = ledger()
    book.read(READ_MIB)
    book.found(WHOLE)
    book.tell({ type: "tenant.unregistered", model: "llm" })
    book.read(READ_MIB)
    expect(book.leased()).toEqual([])
    expect(book.pool()).toMatchObject({ foreignMib: 5200, committedMib: 0 })
    book.found(WHOLE)
    expect(book.leased()).toEqual([])
  })
})
