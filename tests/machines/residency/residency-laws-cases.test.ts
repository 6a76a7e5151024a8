import { describe, expect, it } from "vitest"
import { account, emptyLedger } from "../../../src/machines/residency/residency-ledger.ts"
import { snapshotOf } from "../../../src/machines/residency/residency-snapshot.ts"
import { DEFAULT_LEDGER_SETTINGS, type TenantSpec } from "../../../src/machines/residency/residency-types.ts"
import type { Happening } from "../../support/residency-under-test.ts"

const model = (name: string, declaredMib: number): TenantSpec => ({
  model: name,
  modelClass: "llm",
  pinned: false,
  variants: [{ footprintKey: name, placement: "gpu", declaredMib, reloadMs: 1000 }],
})

/** A ledger over models of these sizes; whatever is told or asked gives the ids that were granted then. */
const ledger = (sizesMib: Readonly<Record<string, number>>) => {
  let state = emptyLedger(DEFAULT_LEDGER_SETTINGS)
  const tell = (nowMs: number, happening: Happening): readonly string[] => {
    const step = account(state, { ...happening, nowMs })
    state = step.state
    return step.commands.flatMap((command) => (command.type === "grant" ? [command.id] : []))
  }
  for (const [name, mib] of Object.entries(sizesMib)) {
    tell(0, { type: "tenant.registered", tenant: model(name, mib) })
  }
  return {
    tell,
    ask: (nowMs: number, name: string) =>
      tell(nowMs, {
        type: "request.made",
        id: name,
        models: [name],
        holder: { type: "model" },
        deadlineMs: 5000,
      }),
    turn: (nowMs: number, name: string) =>
      tell(nowMs, {
        type: "request.made",
        id: `turn on ${name}`,
        models: [name],
        holder: { type: "turn", turnId: "t" },
        deadlineMs: 5000,
      }),
    loaded: (nowMs: number, name: string) => tell(nowMs, { type: "tenant.loaded", model: name }),
    end: (nowMs: number, name: string) => tell(nowMs, { type: "request.ended", id: name }),
    read: (nowMs: number, usedMib: number) =>
      tell(nowMs, { type: "reading", reading: { totalMib: 8192, usedMib, atMs: nowMs } }),
    pool: () => snapshotOf(state).pools.gpu,
  }
}

const { verifyMs } = DEFAULT_LEDGER_SETTINGS

/** What random worlds found wrong, as small as it gets. */
describe("the residency ledger, by what random worlds found", () => {
  it("counts memory that never came back as used by others although something else was loaded since", () => {
    const { tell, ask, loaded, end, read, pool } = ledger({ a: 4000, b: 1000, c: 4000 })
    read(0, 660)
    ask(1, "a")
    loaded(2, "a")
    read(3, 4660)
    end(4, "a")
    read(5, 4660)
    ask(6, "b")
    ask(7, "c")
    expect(tell(4 + verifyMs, { type: "time.passed" })).toEqual([])
    expect(pool()).toMatchObject({ committedMib: 1000, foreignMib: 4000 })
    expect(read(5 + verifyMs, 1660)).toEqual(["c"])
  })

  it("commits no more for a promise than what is believed, once the larger one that was found is gone", () => {
    const { tell, turn, pool } = ledger({ a: 1000 })
    turn(1, "a")
    tell(2, { type: "tenant.found", model: "a", found: { footprintKey: "a", mib: 1500, partial: false } })
    expect(pool().committedMib).toBe(1500)
    tell(3, { type: "tenant.found", model: "a", found: undefined })
    expect(pool().committedMib).toBe(1000)
  })

  it("commits no more for a promise than what is believed, once the larger one is unloaded", () => {
    const { tell, ask, turn, loaded, end, pool } = ledger({ a: 1000 })
    tell(1, { type: "tenant.found", model: "a", found: { footprintKey: "a", mib: 1500, partial: false } })
    turn(2, "a")
    ask(3, "a")
    loaded(4, "a")
    end(5, "a")
    expect(pool().committedMib).toBe(1000)
  })

  // Not so: what a load may take hides what an unloading has not given back. Then the load runs out of memory.
  it("does not believe that memory is back because another model may take as much", () => {
    const { ask, loaded, end, read } = ledger({ a: 2000, b: 4000, c: 2500 })
    read(0, 660)
    ask(1, "a")
    loaded(2, "a")
    read(3, 2660)
    ask(4, "b")
    end(5, "a")
    ask(6, "c")
    expect(read(7, 2660)).toEqual([])
  })
})
