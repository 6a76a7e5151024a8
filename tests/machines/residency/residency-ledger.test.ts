import { describe, expect, it } from "vitest"
import type { TenantSpec } from "../../../src/machines/residency/residency-types.ts"
import type { Variant } from "../../../src/ports/residency.ts"
import { gpuVariant, ledgerBook } from "../../support/residency-ledger-book.ts"

const cpu = (footprintKey: string, declaredMib: number): Variant => ({
  ...gpuVariant(footprintKey, declaredMib),
  placement: "cpu",
})

const llm: TenantSpec = {
  model: "llm",
  modelClass: "llm",
  pinned: false,
  variants: [gpuVariant("llm", 5280)],
}
const other: TenantSpec = { ...llm, model: "other", variants: [gpuVariant("other", 5000)] }
const tts: TenantSpec = {
  model: "tts",
  modelClass: "tts",
  pinned: false,
  variants: [gpuVariant("tts", 360), cpu("tts/cpu", 300)],
}

describe("the residency ledger", () => {
  it("lets a model load what its turn holds already, though others wait", () => {
    const book = ledgerBook([llm, other])
    book.turn("a", ["llm"])
    book.turn("b", ["other"])
    book.model("llm")
    expect(book.said()).toEqual(["grant a: llm", "grant own llm: llm"])
    expect(book.pool().committedMib).toBe(5280)
  })

  it("does not believe that memory is back before a reading shows it", () => {
    const book = ledgerBook([llm, other])
    book.read(660)
    book.load("llm")
    book.read(5940)
    book.turn("a", ["other"])
    expect(book.said()).toContain("evict llm")
    book.evicted("llm")
    expect(book.said()).toEqual(["look"])
    book.read(4000)
    expect(book.said()).toEqual([])
    book.pass(20)
    expect(book.said()).toEqual(["look"])
    book.read(700)
    expect(book.said()).toEqual(["grant a: other"])
  })

  it("counts what is never confirmed to be back as used by others", () => {
    const book = ledgerBook([llm, tts])
    book.read(660)
    book.load("llm")
    book.read(5940)
    book.end("own llm")
    book.read(3660)
    book.pass(1999)
    expect(book.pool()).toMatchObject({ committedMib: 5280, foreignMib: 0 })
    book.pass(1)
    expect(book.pool()).toMatchObject({ committedMib: 0, foreignMib: 3000, budgetMib: 4020 })
  })

  it("ignores a reading that was made before its own memory moved", () => {
    const book = ledgerBook([llm])
    book.read(660)
    book.pass(100)
    book.load("llm")
    book.read(5940)
    book.end("own llm")
    book.read(660)
    book.read(5940, { atMs: 50 })
    expect(book.pool()).toMatchObject({ committedMib: 0, foreignMib: 0, budgetMib: 7020 })
  })

  it("knows what another program takes while a model is being loaded only as far as that is certain", () => {
    const book = ledgerBook([llm])
    book.read(660)
    book.model("llm")
    book.read(660 + 3000)
    expect(book.pool().foreignMib).toBe(0)
    book.read(660 + 5280 + 1000)
    expect(book.pool().foreignMib).toBe(1000)
    book.read(660 + 4000)
    expect(book.pool().foreignMib).toBe(1000)
  })

  it("gives back at once what is idle when a game takes memory, and grants nothing meanwhile", () => {
    const book = ledgerBook([llm, tts])
    book.read(660)
    book.load("llm")
    book.load("tts")
    book.read(660 + 5640)
    book.said()
    book.read(660 + 5640 + 1500)
    expect(book.said()).toEqual(["over by 120", "evict tts"])
    book.turn("a", ["tts"])
    book.evicted("tts")
    book.read(660 + 5280 + 1500)
    expect(book.said()).toEqual(["look", "grant a: tts/cpu", "degraded to tts/cpu"])
  })

  it("takes from who is in use after the inference, or by force when the grace is over", () => {
    const start = () => {
      const book = ledgerBook([llm])
      book.read(660)
      book.load("llm")
      book.turn("a", ["llm"])
      book.tell({ type: "tenant.busy", model: "llm", busy: true })
      book.read(660 + 5280)
      book.said()
      book.read(660 + 5280 + 3000)
      expect(book.said()).toEqual(["over by 1260"])
      return book
    }
    const polite = start()
    polite.pass(1000)
    polite.tell({ type: "tenant.busy", model: "llm", busy: false })
    expect(polite.said()).toEqual(["evict llm"])
    const rude = start()
    rude.pass(4999)
    expect(rude.said()).toEqual([])
    rude.pass(1)
    expect(rude.said()).toEqual(["evict llm by force"])
  })

  it("refuses a turn that would have to hold while it waits for another turn", () => {
    const book = ledgerBook([llm, other, tts])
    book.turn("a", ["llm"])
    book.turn("b", ["tts"], 10_000)
    book.turn("b2", ["other"], 10_000, "b")
    expect(book.said()).toEqual([
      "grant a: llm",
      "grant b: tts",
      "refuse b2: The graphics memory for the language model is in use. Please try again in a moment.",
    ])
  })

  it("serves the higher class first, and within a class whoever came first, which nobody small overtakes", () => {
    const small: TenantSpec = { ...llm, model: "small", variants: [gpuVariant("small", 500)] }
    const stt: TenantSpec = { ...llm, model: "stt", modelClass: "stt", variants: [gpuVariant("stt", 1000)] }
    const book = ledgerBook([llm, other, small, stt])
    book.turn("a", ["llm"])
    book.turn("b", ["other"])
    book.turn("c", ["small"])
    book.turn("d", ["stt"])
    expect(book.said()).toEqual(["grant a: llm", "grant d: stt"])
    book.end("a")
    expect(book.said()).toEqual(["grant b: other", "grant c: small"])
  })

  it("tells within two seconds that other programs have the memory, and at the deadline that it was not free", () => {
    const book = ledgerBook([llm, other])
    book.read(660 + 4000)
    book.turn("a", ["llm"])
    book.pass(1999)
    expect(book.said()).toEqual([])
    book.pass(1)
    expect(book.said()).toEqual([
      "refuse a: Other programs use the graphics memory that I need for the language model.",
    ])
    book.read(660)
    book.turn("b", ["llm"])
    book.turn("c", ["other"], 500)
    book.said()
    book.pass(500)
    expect(book.said()).toEqual([expect.stringMatching(/^refuse c: .*in use/)])
  })

  it("unloads what is idle for long, but not in a conversation, and keeps what is cheap", () => {
    const cheap: TenantSpec = { ...tts, model: "cheap", variants: [cpu("cheap", 100)] }
    const book = ledgerBook([llm, cheap], { settings: { unloadAfterMs: { llm: 60_000, tts: 60_000 } } })
    book.load("llm")
    book.load("cheap")
    book.tell({ type: "conversation", active: true })
    book.said()
    book.pass(300_000)
    expect(book.said()).toEqual([])
    book.tell({ type: "conversation", active: false })
    book.pass(59_999)
    expect(book.said()).toEqual([])
    book.pass(1)
    expect(book.said()).toEqual(["evict llm"])
  })

  it("climbs back up the ladder when the better variant has fitted for a while and the model is idle", () => {
    const book = ledgerBook([tts])
    book.read(660 + 7000)
    book.load("tts")
    expect(book.said()).toContain("grant own tts: tts/cpu")
    book.read(660)
    book.pass(20_000)
    book.read(660 + 7000)
    book.read(660)
    book.pass(29_999)
    expect(book.said()).toEqual([])
    book.pass(1)
    expect(book.said()).toEqual(["evict tts"])
    book.end("own tts")
    book.load("tts")
    expect(book.said()).toContain("grant own tts: tts")
  })

  it("grants the next variant down after one that ran out of memory, until that has rested", () => {
    const book = ledgerBook([tts])
    book.model("tts")
    book.tell({ type: "tenant.out-of-memory", model: "tts" })
    book.end("own tts")
    book.model("tts")
    book.end("own tts")
    book.pass(60_000)
    book.model("tts")
    expect(book.said()).toEqual([
      "grant own tts: tts",
      "grant own tts: tts/cpu",
      "degraded to tts/cpu",
      "grant own tts: tts",
    ])
  })

  it("moves what is committed for a model to where it fell back to, and admits to the GPU at once", () => {
    const speech: TenantSpec = { ...tts, variants: [gpuVariant("tts", 2000), cpu("tts/cpu", 300)] }
    const book = ledgerBook([llm, speech])
    book.read(660)
    book.model("tts")
    book.turn("a", ["llm"])
    expect(book.said()).toEqual(["grant own tts: tts"])
    book.tell({ type: "tenant.fell-back", model: "tts" })
    book.loaded("tts")
    expect(book.said()).toEqual(["fell back tts/cpu", "look", "grant a: llm"])
    expect(book.states()).toEqual(["llm committed llm", "tts loaded tts/cpu"])
    expect([book.pool("gpu").committedMib, book.pool("cpu").committedMib]).toEqual([5280, 300])
  })

  it("does not grant the GPU again to a model that fell back, nor unloads it for the sake of it", () => {
    const book = ledgerBook([tts], { settings: { upgradeMs: 1000, unloadAfterMs: {} } })
    book.load("tts")
    book.tell({ type: "tenant.fell-back", model: "tts" })
    book.pass(100_000)
    book.end("own tts")
    book.load("tts")
    expect(book.said()).toEqual([
      "grant own tts: tts",
      "look",
      "fell back tts/cpu",
      "look",
      "grant own tts: tts/cpu",
    ])
  })

  it("lets a figure of the GPU stand in for a model that fell back and has none for the processor", () => {
    const book = ledgerBook([llm], { settings: { ramMib: 6000 } })
    book.load("llm")
    book.tell({ type: "tenant.fell-back", model: "llm" })
    expect(book.states()).toEqual(["llm loaded llm@cpu"])
    expect([book.pool("gpu").committedMib, book.pool("cpu").committedMib]).toEqual([0, 5280])
  })

  it("gives back what is too much for the RAM after a model fell back, and refuses it from then on", () => {
    const book = ledgerBook([llm], { settings: { ramMib: 4000 } })
    book.turn("a", ["llm"])
    book.model("llm")
    book.said()
    book.tell({ type: "tenant.fell-back", model: "llm" })
    book.loaded("llm")
    expect(book.said()).toEqual(["fell back llm@cpu", "look", "over by 1280"])
    book.pass(5000)
    expect(book.said()).toEqual(["evict llm"])
    book.evicted("llm")
    book.end("a")
    book.turn("b", ["llm"])
    expect(book.said()).toEqual([
      "refuse b: There is not enough memory in this computer for the language model.",
    ])
  })

  it("measures nothing on the GPU of a model that is not there", () => {
    const book = ledgerBook([tts])
    book.read(660)
    book.model("tts")
    book.tell({ type: "tenant.fell-back", model: "tts" })
    book.loaded("tts")
    book.pass(1)
    book.read(660 + 100)
    expect(book.said().filter((line) => line.startsWith("learned"))).toEqual([])
    expect(book.pool()).toMatchObject({ committedMib: 0, foreignMib: 100 })
  })

  it("takes no fallback's word for a model that is only promised, or on the processor already", () => {
    const book = ledgerBook([tts])
    book.turn("a", ["tts"])
    book.tell({ type: "tenant.fell-back", model: "tts" })
    expect(book.states()).toEqual(["tts committed tts"])
    book.model("tts")
    book.tell({ type: "tenant.fell-back", model: "tts" })
    book.tell({ type: "tenant.fell-back", model: "tts" })
    expect(book.said().filter((line) => line.startsWith("fell back"))).toHaveLength(1)
  })

  it("commits what was measured where that is more, and trusts less only after three that agree", () => {
    const book = ledgerBook([llm])
    const cycle = (takesMib: number) => {
      book.read(660)
      book.load("llm")
      book.pass(1)
      book.read(660 + takesMib)
      const committed = book.footprint("llm")
      book.end("own llm")
      book.read(660)
      return committed
    }
    expect([5400, 5000, 5010, 4990].map(cycle)).toEqual([5400, 5400, 5400, 5010])
    expect(book.said()).toContain("learned llm 5400,5000,5010,4990")
  })

  it("measures nothing where something else of its own moved during the load", () => {
    const book = ledgerBook([llm, tts])
    book.read(660)
    book.model("llm")
    book.load("tts")
    book.loaded("llm")
    book.read(660 + 9000)
    expect(book.said().filter((line) => line.startsWith("learned"))).toEqual([])
  })

  it("takes a late word about an earlier stay for what it is", () => {
    const book = ledgerBook([llm])
    book.load("llm")
    book.end("own llm")
    book.load("llm")
    book.tell({ type: "eviction.ended", model: "llm", incarnation: 1 })
    expect(book.states()).toEqual(["llm loaded llm"])
  })
})
