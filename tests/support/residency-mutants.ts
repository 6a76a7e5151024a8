import type { LedgerState, Residence, TenantRecord } from "../../src/machines/residency/residency-types.ts"
import type { MemoryReading } from "../../src/ports/readings.ts"
import { account, hearing, overlooking, saying, withAccount, withStays } from "./residency-mutations.ts"
import { type LedgerUnderTest, REAL_LEDGER } from "./residency-under-test.ts"

/** A ledger that was broken on purpose, and what the law says that has to catch it. */
interface ResidencyMutant {
  readonly what: string
  readonly ledger: LedgerUnderTest
  readonly law: RegExp
}

/** No more than what is ours could be. */
const withoutOthers = (reading: MemoryReading, { tenants, settings }: LedgerState): MemoryReading => {
  const oursMib = tenants.reduce((sum, { residence }) => {
    const isThere = residence?.variant.placement === "gpu" && residence.touched === true
    return isThere ? sum + (residence.visibleMib ?? residence.footprintMib) : sum
  }, 0)
  return { ...reading, usedMib: Math.min(reading.usedMib, settings.reserveMib + oursMib) }
}

const isHeld = ({ phase, leases }: Residence, { busy }: TenantRecord): boolean =>
  phase === "loaded" && (busy || leases.some(({ holder }) => holder.type === "turn"))

export const RESIDENCY_MUTANTS: readonly ResidencyMutant[] = [
  {
    what: "never sees what other programs use",
    ledger: hearing((event, state) =>
      event.type === "reading" ? { ...event, reading: withoutOthers(event.reading, state) } : event,
    ),
    law: /an admission to the gpu keeps the budget/,
  },
  {
    what: "has three times the budget",
    ledger: {
      ...hearing((event) =>
        event.type === "reading"
          ? { ...event, reading: { ...event.reading, totalMib: 3 * event.reading.totalMib } }
          : event,
      ),
      open: (settings) => REAL_LEDGER.open({ ...settings, totalMib: 3 * settings.totalMib }),
    },
    law: /an admission to the gpu keeps the budget/,
  },
  {
    what: "forgets the headroom",
    ledger: { ...REAL_LEDGER, open: (settings) => REAL_LEDGER.open({ ...settings, headroomMib: 0 }) },
    law: /an admission to the gpu keeps the budget|too much on the gpu/,
  },
  {
    what: "has three times the RAM",
    ledger: {
      ...REAL_LEDGER,
      open: (settings) => REAL_LEDGER.open({ ...settings, ramMib: 3 * settings.ramMib }),
    },
    law: /an admission to the cpu keeps the budget/,
  },
  {
    what: "commits memory only for what is loaded",
    ledger: overlooking(({ phase }) => phase !== "loaded"),
    law: /an admission to the (gpu|cpu) keeps the budget/,
  },
  {
    what: "admits beside models in use as if they were not there",
    ledger: overlooking(isHeld),
    law: /an admission to the (gpu|cpu) keeps the budget/,
  },
  {
    what: "believes that memory is back before a reading shows it",
    ledger: withAccount((state, event) => {
      if (event.type !== "eviction.ended" && event.type !== "request.ended") return account(state, event)
      const step = account({ ...state, reading: undefined }, event)
      return { ...step, state: { ...step.state, reading: state.reading } }
    }),
    law: /is committed until (it is back|a reading shows it)/,
  },
  {
    what: "believes old words about evictions",
    ledger: hearing((event, state) => {
      if (event.type !== "eviction.ended") return event
      const stay = state.tenants.find(({ spec }) => spec.model === event.model)?.residence
      return { ...event, incarnation: stay?.incarnation ?? event.incarnation }
    }),
    law: /is shown as releasing|is committed until it is back|has \d+ leases|keeps the budget/,
  },
  {
    what: "counts a model that fell back where it was granted",
    ledger: hearing((event) => (event.type === "tenant.fell-back" ? undefined : event)),
    law: /where it is/,
  },
  {
    what: "never releases a turn's lease",
    ledger: hearing((event, state) => {
      if (event.type !== "request.ended") return event
      const isTurns = state.tenants.some(({ residence }) =>
        residence?.leases.some(({ requestId, holder }) => requestId === event.id && holder.type === "turn"),
      )
      return isTurns ? undefined : event
    }),
    law: /has \d+ leases, not \d+|stays promised/,
  },
  {
    what: "releases the leases of others too",
    ledger: withAccount((state, event) => {
      const step = account(state, event)
      if (event.type !== "request.ended") return step
      return {
        ...step,
        state: withStays(step.state, (stay) => ({
          ...stay,
          leases: stay.leases.filter(({ holder }) => holder.type === "model"),
        })),
      }
    }),
    law: /has \d+ leases, not \d+|stays promised/,
  },
  {
    what: "lets whoever is refused wait for ever",
    ledger: saying(({ type }) => type !== "refuse"),
    law: /is answered by its deadline/,
  },
  {
    what: "forgets who waits",
    ledger: withAccount((state, event) => {
      const step = account(state, event)
      return { ...step, state: { ...step.state, queue: step.state.queue.slice(0, 1) } }
    }),
    law: /is answered by its deadline/,
  },
  {
    what: "grants one model of several",
    ledger: withAccount((state, event) => {
      const step = account(state, event)
      const commands = step.commands.map((command) =>
        command.type === "grant" ? { ...command, grants: command.grants.slice(0, 1) } : command,
      )
      return { ...step, commands }
    }),
    law: /gets all that it asked for/,
  },
  {
    what: "refuses whoever could be let in",
    ledger: hearing((event) =>
      event.type === "reading"
        ? { ...event, reading: { ...event.reading, usedMib: event.reading.totalMib } }
        : event,
    ),
    law: /fits an empty GPU and is let in/,
  },
  {
    what: "never gives back what is too much",
    ledger: withAccount((state, event) =>
      account(
        withStays(state, ({ doomedAtMs: _, ...stay }) => stay),
        event,
      ),
    ),
    law: /are given back in time/,
  },
  {
    what: "takes its time before it gives back what is too much",
    ledger: {
      ...REAL_LEDGER,
      open: (settings) => REAL_LEDGER.open({ ...settings, graceMs: 3 * settings.graceMs }),
    },
    law: /are given back in time/,
  },
  {
    what: "never forces an eviction",
    ledger: {
      ...REAL_LEDGER,
      open: (settings) => REAL_LEDGER.open({ ...settings, evictMs: Number.POSITIVE_INFINITY }),
    },
    law: /is overdue, and is forced/,
  },
  {
    what: "evicts what is pinned",
    ledger: hearing((event) =>
      event.type === "tenant.registered" ? { ...event, tenant: { ...event.tenant, pinned: false } } : event,
    ),
    law: /is pinned and stays/,
  },
  {
    what: "evicts in the middle of an inference",
    ledger: hearing((event) => (event.type === "tenant.busy" ? { ...event, busy: false } : event)),
    law: /infers and stays/,
  },
  {
    what: "evicts what a turn uses",
    ledger: withAccount((state, event) => {
      const stripped = new Map<number, Residence["leases"]>()
      const seen = withStays(state, (stay) => {
        if (stay.phase !== "loaded") return stay
        const turns = stay.leases.filter(({ holder }) => holder.type === "turn")
        stripped.set(stay.incarnation, turns)
        return { ...stay, leases: stay.leases.filter((lease) => !turns.includes(lease)) }
      })
      const { state: next, commands } = account(seen, event)
      const endedId = event.type === "request.ended" ? event.id : undefined
      const restored = withStays(next, (stay) => {
        if (stay.endedAtMs !== undefined || stay.phase === "committed") return stay
        const turns = (stripped.get(stay.incarnation) ?? []).filter(({ requestId }) => requestId !== endedId)
        return { ...stay, leases: [...stay.leases, ...turns] }
      })
      return { state: restored, commands }
    }),
    law: /is leased by a turn and stays|is committed until it is back/,
  },
]
