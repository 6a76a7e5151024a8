import { budgetOf, committedMib, staysIn } from "../../src/machines/residency/residency-accounts.ts"
import type { LedgerCommand, LedgerState } from "../../src/machines/residency/residency-types.ts"
import type { LeaseHolder, Placement } from "../../src/ports/residency.ts"

/** A request as whoever made it knows it. */
export interface Asked {
  readonly id: string
  readonly models: readonly string[]
  readonly holder: LeaseHolder
  readonly deadlineAtMs: number
}

const PLACEMENTS: readonly Placement[] = ["gpu", "cpu"]

/** What must hold of the ledger whatever happens; `law` is told each time whether it does. */
export class ResidencyLaws {
  readonly #law: (holds: boolean, law: string) => void
  /** Since when a pool has an excess, and how much it was at most. */
  readonly #excess = new Map<Placement, { readonly mib: number; readonly sinceMs: number }>()

  constructor(law: (holds: boolean, law: string) => void) {
    this.#law = law
  }

  /** Of one step of the ledger. */
  afterStep(
    before: LedgerState,
    after: LedgerState,
    commands: readonly LedgerCommand[],
    nowMs: number,
    waiting: ReadonlyMap<string, Asked>,
  ): void {
    for (const command of commands) this.#judge(command, before, after, waiting)
    for (const placement of PLACEMENTS) {
      this.#judgePool(placement, before, after, commands)
      this.#judgeRelief(placement, after, nowMs)
    }
  }

  #judge(
    command: LedgerCommand,
    before: LedgerState,
    after: LedgerState,
    waiting: ReadonlyMap<string, Asked>,
  ): void {
    if (command.type === "grant" || command.type === "refuse") {
      this.#law(waiting.has(command.id), `${command.id} is answered once, while it waits`)
    }
    if (command.type !== "evict" || command.force) return
    const tenant = before.tenants.find(({ spec }) => spec.model === command.model)
    this.#law(tenant !== undefined && !tenant.spec.pinned, `${command.model} is pinned and stays`)
    const tenantAfter = after.tenants.find(({ spec }) => spec.model === command.model)
    this.#law(tenantAfter?.busy === false, `${command.model} infers and stays`)
    const isForced = before.tenants.some(({ residence }) => residence?.doomedAtMs !== undefined)
    const leased = tenantAfter?.residence?.leases.some(({ holder }) => holder.type === "turn")
    const isOver = Object.keys(before.overcommittedSinceMs).length > 0
    this.#law(leased !== true || isForced || isOver, `${command.model} is leased by a turn and stays`)
  }

  /** No admission takes what is committed over the budget. */
  #judgePool(
    placement: Placement,
    before: LedgerState,
    after: LedgerState,
    commands: readonly LedgerCommand[],
  ): void {
    const budgetMib = budgetOf(after, placement).nowMib
    const committed = committedMib(after, placement)
    const known = new Set(staysIn(before).map(({ residence }) => residence.incarnation))
    const admitted = staysIn(after, placement).filter(({ residence }) => !known.has(residence.incarnation))
    const isGranting = commands.some(({ type }) => type === "grant")
    this.#law(admitted.length === 0 || isGranting, "nothing is committed but by a grant")
    if (admitted.some(({ residence }) => residence.footprintMib > 0)) {
      this.#law(
        committed <= budgetMib,
        `an admission to the ${placement} keeps the budget (${committed} of ${budgetMib})`,
      )
    }
    if (committed > budgetMib) {
      const wasOver = committedMib(before, placement) > budgetOf(before, placement).nowMib
      const shrank = budgetMib < budgetOf(before, placement).nowMib
      const grew = committed > committedMib(before, placement)
      this.#law(
        wasOver || shrank || (grew && admitted.length === 0),
        "only less budget or more footprint overcommits",
      )
    }
  }

  /** At any moment between steps. */
  afterOperation(
    state: LedgerState,
    nowMs: number,
    waiting: ReadonlyMap<string, Asked>,
    held: ReadonlyMap<string, Asked>,
    lives: ReadonlyMap<string, { readonly incarnation: number }>,
  ): void {
    for (const request of waiting.values()) {
      this.#law(nowMs <= request.deadlineAtMs, `${request.id} is answered by its deadline`)
    }
    this.#law(state.queue.length === waiting.size, "who waits is in the queue, and nobody else")
    for (const { tenant, residence } of staysIn(state)) {
      const { model } = tenant.spec
      for (const { requestId } of residence.leases) {
        this.#law(held.has(requestId), `the lease of ${model} by ${requestId} has a holder`)
      }
      const isKept = residence.leases.length > 0 || residence.phase === "releasing"
      this.#law(isKept, `${model} is committed for somebody`)
    }
    for (const [model, life] of lives) {
      const stay = staysIn(state).find(({ tenant }) => tenant.spec.model === model)
      this.#law(
        stay?.residence.incarnation === life.incarnation,
        `the memory of ${model} is committed until it is back`,
      )
    }
  }

  /**
   * An excess that does not grow ends within the grace, except for what cannot go: the pinned. What is going already is
   * no excess; how long it takes is not the ledger's to say.
   */
  #judgeRelief(placement: Placement, state: LedgerState, nowMs: number): void {
    const lasting = staysIn(state, placement).filter(
      ({ residence }) => residence.phase !== "releasing" || residence.stuck === true,
    )
    const lastingMib = lasting.reduce((sum, { residence }) => sum + residence.footprintMib, 0)
    const mib = lastingMib - budgetOf(state, placement).nowMib
    const canGo = lasting.some(({ tenant, residence }) => !tenant.spec.pinned && residence.stuck !== true)
    const known = this.#excess.get(placement)
    if (mib <= 0 || !canGo) this.#excess.delete(placement)
    else if (known === undefined || mib > known.mib) this.#excess.set(placement, { mib, sinceMs: nowMs })
    const { sinceMs } = this.#excess.get(placement) ?? { sinceMs: nowMs }
    this.#law(nowMs - sinceMs <= state.settings.graceMs, `${mib} MiB too much are committed since ${sinceMs}`)
  }
}
