import { describe, expect, it } from "vitest"
import { DEFAULT_LEDGER_SETTINGS, type TenantSpec } from "../../../src/machines/residency/residency-types.ts"
import { gpuVariant, ledgerBook } from "../../support/residency-ledger-book.ts"

const { reserveMib, upgradeMs } = DEFAULT_LEDGER_SETTINGS
const GAME_MIB = 3000

const tts: TenantSpec = {
  model: "tts",
  modelClass: "tts",
  pinned: false,
  variants: [gpuVariant("tts", 5000), { ...gpuVariant("tts@cpu", 500), placement: "cpu" }],
}

describe("a better variant", () => {
  it("has to fit for as long as ever after a model was loaded again, however long it did before", () => {
    const book = ledgerBook([tts], { unsaid: ["look", "report", "footprint.learned"] })
    book.read(reserveMib + GAME_MIB)
    book.turn("a", ["tts"])
    book.load("tts")
    book.read(reserveMib)
    book.pass(1000)
    book.end("own tts")
    book.read(reserveMib + GAME_MIB)
    book.pass(upgradeMs)
    book.read(reserveMib)
    book.load("tts")
    book.end("a")
    book.pass(upgradeMs - 1)
    expect(book.said()).toEqual(["grant a: tts@cpu", "grant own tts: tts@cpu", "grant own tts: tts@cpu"])
    book.pass(1)
    expect(book.said()).toEqual(["evict tts"])
  })
})
