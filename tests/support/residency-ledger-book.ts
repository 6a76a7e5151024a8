import { dueAtMs } from "../../src/machines/residency/residency-due.ts"
import { account, emptyLedger } from "../../src/machines/residency/residency-ledger.ts"
import { snapshotOf } from "../../src/machines/residency/residency-snapshot.ts"
import {
  DEFAULT_LEDGER_SETTINGS,
  type LedgerCommand,
  type LedgerSettings,
  type TenantSpec,
} from "../../src/machines/residency/residency-types.ts"
import type { MemoryReading } from "../../src/ports/readings.ts"
import type { LoadedAs, Placement, Variant } from "../../src/ports/residency.ts"
import type { Happening } from "./residency-under-test.ts"

interface LedgerBookOptions {
  readonly settings?: Partial<LedgerSettings>
  readonly footprints?: Readonly<Record<string, readonly number[]>>
  /** What the test is not about: commands that `said` leaves out. */
  readonly unsaid?: readonly LedgerCommand["type"][]
}

export const gpuVariant = (footprintKey: string, declaredMib: number): Variant => ({
  footprintKey,
  placement: "gpu",
  declaredMib,
  reloadMs: 1000,
})

const lineOf = (command: LedgerCommand): readonly string[] => {
  switch (command.type) {
    case "grant":
      return [`grant ${command.id}: ${command.grants.map(({ variant }) => variant.footprintKey).join()}`]
    case "refuse":
      return [`refuse ${command.id}: ${command.reason}`]
    case "evict":
      return [`evict ${command.model}${command.force ? " by force" : ""}`]
    case "footprint.learned":
      return [`learned ${command.key} ${command.samplesMib.join()}`]
    case "report":
      if (command.report.type === "overcommitted") return [`over by ${command.report.byMib}`]
      if (command.report.type === "degraded") return [`degraded to ${command.report.to}`]
      return command.report.type === "fell-back" ? [`fell back ${command.report.to}`] : []
    case "look":
      return ["look"]
  }
}

/** A ledger with its time and these models, and what it commanded so far as short lines. */
export const ledgerBook = (
  tenants: readonly TenantSpec[],
  { settings = {}, footprints = {}, unsaid = [] }: LedgerBookOptions = {},
) => {
  let state = emptyLedger({ ...DEFAULT_LEDGER_SETTINGS, ...settings }, footprints)
  let nowMs = 0
  const said: string[] = []
  const tell = (happening: Happening): void => {
    const step = account(state, { ...happening, nowMs })
    state = step.state
    said.push(...step.commands.filter(({ type }) => !unsaid.includes(type)).flatMap(lineOf))
  }
  const book = {
    tell,
    /** Lets time go on, event by event as it is due. */
    pass: (ms: number) => {
      const untilMs = nowMs + ms
      for (let due = dueAtMs(state); due !== undefined && due <= untilMs; due = dueAtMs(state)) {
        nowMs = Math.max(nowMs, due)
        tell({ type: "time.passed" })
      }
      nowMs = untilMs
    },
    read: (usedMib: number, more: Partial<MemoryReading> = {}) =>
      tell({ type: "reading", reading: { totalMib: 8192, usedMib, atMs: nowMs, ...more } }),
    turn: (id: string, models: readonly string[], deadlineMs = 10_000, turnId = id) =>
      tell({ type: "request.made", id, models, holder: { type: "turn", turnId }, deadlineMs }),
    /** A model asks for itself, to load. */
    model: (model: string, id = `own ${model}`) =>
      tell({ type: "request.made", id, models: [model], holder: { type: "model" }, deadlineMs: 10_000 }),
    loaded: (model: string, as: LoadedAs = {}) => tell({ type: "tenant.loaded", model, ...as }),
    load: (model: string) => {
      book.model(model)
      book.loaded(model)
    },
    end: (id: string) => tell({ type: "request.ended", id }),
    evicted: (model: string) => {
      const incarnation = state.tenants.find(({ spec }) => spec.model === model)?.residence?.incarnation ?? 0
      tell({ type: "eviction.ended", model, incarnation })
    },
    /** What was commanded since the last time. */
    said: () => said.splice(0),
    states: () =>
      snapshotOf(state).rows.map(({ model, state: phase, variant }) => `${model} ${phase} ${variant}`),
    /** As `states`, with the number of leases. */
    leased: () =>
      snapshotOf(state).rows.map(({ model, state: phase, variant, leases }) =>
        [model, phase, variant, leases].join(" "),
      ),
    pool: (placement: Placement = "gpu") => snapshotOf(state).pools[placement],
    footprint: (model: string) => snapshotOf(state).rows.find((row) => row.model === model)?.footprintMib,
  }
  for (const tenant of tenants) tell({ type: "tenant.registered", tenant })
  return book
}
