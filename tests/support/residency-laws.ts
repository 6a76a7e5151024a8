import type {
  LedgerCommand,
  LedgerEvent,
  LedgerReport,
} from "../../src/machines/residency/residency-types.ts"
import type { LeaseHolder, Placement, ResidencyRow, ResidencySnapshot } from "../../src/ports/residency.ts"
import type { ResidencyBooks } from "./residency-books.ts"
import { rowStateOf, type SeenStay } from "./residency-stay.ts"

/** A request as whoever made it knows it. */
export interface Asked {
  readonly id: string
  readonly models: readonly string[]
  readonly holder: LeaseHolder
  readonly deadlineAtMs: number
}

/** What a pool has beyond its budget: now, at most, and since when. */
interface Excess {
  readonly mib: number
  readonly mostMib: number
  readonly sinceMs: number
}

type Grant = Extract<LedgerCommand, { readonly type: "grant" }>
type Evict = Extract<LedgerCommand, { readonly type: "evict" }>

const PLACEMENTS: readonly Placement[] = ["gpu", "cpu"]

/**
 * What must hold of a ledger whatever happens, judged by what it was told, what it answered and what it shows: never by
 * its own accounts. `law` is told each time whether it does.
 */
export class ResidencyLaws {
  readonly #books: ResidencyBooks
  readonly #law: (holds: boolean, law: string) => void
  readonly #excess = new Map<Placement, Excess>()

  constructor(books: ResidencyBooks, law: (holds: boolean, law: string) => void) {
    this.#books = books
    this.#law = law
  }

  /** Of one step of the ledger, before anybody obeys its commands. `waiting`: who waited when the event came. */
  afterStep(
    event: LedgerEvent,
    commands: readonly LedgerCommand[],
    shown: ResidencySnapshot,
    waiting: ReadonlyMap<string, Asked>,
  ): void {
    const books = this.#books
    const { nowMs } = event
    const rows = new Map(shown.rows.filter(({ state }) => state !== "waiting").map((row) => [row.model, row]))
    books.forgetLate(nowMs)
    // Another has to go in the place of one that went, or can go since its actor is back: with a grace of its own.
    if (event.type === "tenant.unregistered" || this.#comesBack(event)) this.#excess.clear()
    books.hear(event)
    for (const command of commands) {
      if (command.type === "footprint.learned") books.learn(command.key, command.samplesMib)
    }
    if (event.type === "reading") books.read(event.reading)
    this.#takeBackPromises(rows, commands)
    this.#judgeAlone(event, commands, waiting)
    const open = new Set(waiting.keys())
    let why: Extract<LedgerReport, { readonly type: "evicting" }>["why"] = "request"
    for (const command of commands) {
      if (command.type === "grant" || command.type === "refuse") {
        this.#law(open.delete(command.id), `${command.id} is answered once, while it waits`)
      }
      if (command.type === "grant") this.#judgeGrant(command, waiting.get(command.id))
      if (command.type === "evict") this.#judgeEviction(command, why, nowMs)
      if (command.type === "report" && command.report.type === "evicting") why = command.report.why
      if (command.type === "report" && command.report.type === "eviction-stuck") {
        books.stuck(command.report.model)
      }
    }
    this.#judgeRows(rows, nowMs)
    for (const placement of PLACEMENTS) this.#judgeRelief(placement, event)
  }

  /** A tenant whose memory outlasted its actor, and that has one again. */
  #comesBack(event: LedgerEvent): boolean {
    if (event.type !== "tenant.registered") return false
    const { model } = event.tenant
    return this.#books.tenants.specOf(model) === undefined && this.#books.stayIn(model) !== undefined
  }

  /** At any moment between steps. */
  afterOperation(nowMs: number, waiting: ReadonlyMap<string, Asked>): void {
    for (const request of waiting.values()) {
      this.#law(nowMs <= request.deadlineAtMs, `${request.id} is answered by its deadline`)
    }
  }

  /** What is only promised is given up first where too much is committed, and nobody is told: it is asked for again. */
  #takeBackPromises(rows: ReadonlyMap<string, ResidencyRow>, commands: readonly LedgerCommand[]): void {
    for (const stay of [...this.#books.stays.values()]) {
      if (stay.isTouched) continue
      const { model } = stay
      const added = commands.filter(
        (command) => command.type === "grant" && command.grants.some((grant) => grant.model === model),
      )
      if (rows.get(model)?.leases === stay.leases.size + added.length) continue
      const { placement } = stay.variant
      this.#law(this.#books.mayBeOver(placement), `what is promised of ${model} stays promised`)
      this.#books.drop(model)
    }
  }

  /** All of what was asked for, as it is to be; and nobody is let in beyond the budget. */
  #judgeGrant({ id, grants }: Grant, request: Asked | undefined): void {
    if (request === undefined) return
    const books = this.#books
    const models = grants.map(({ model }) => model)
    this.#law(models.join() === request.models.join(), `${id} gets all that it asked for`)
    for (const { model, variant, footprintMib } of grants) {
      const stay = books.stayIn(model)
      const isItsOwn = books.tenants
        .specOf(model)
        ?.variants.some(
          ({ footprintKey, placement }) =>
            footprintKey === variant.footprintKey && placement === variant.placement,
        )
      this.#law(stay !== undefined || isItsOwn === true, `${model} is granted a variant that it can use`)
      const isSame = stay === undefined || stay.endedAtMs !== undefined || isAt(stay, variant.footprintKey)
      this.#law(isSame, `${model} is granted as what it is there`)
      const mib =
        stay === undefined || stay.endedAtMs !== undefined ? books.believedMib(variant) : books.stayMib(stay)
      this.#law(footprintMib === mib, `${model} is granted ${mib} MiB, not ${footprintMib}`)
    }
    const unproven = grants.find(({ model }) => books.stayIn(model)?.endedAtMs !== undefined)
    this.#law(
      unproven === undefined,
      `the memory of ${unproven?.model} is committed until a reading shows it`,
    )
    const begun = books.grant(id, request.holder, grants)
    for (const placement of PLACEMENTS) {
      if (!begun.some(({ variant }) => variant.placement === placement && variant.declaredMib > 0)) continue
      const committedMib = books.committedMib(placement)
      const budgetMib = books.budgetMib(placement)
      this.#law(
        committedMib <= budgetMib,
        `an admission to the ${placement} keeps the budget (${committedMib} of ${budgetMib})`,
      )
    }
  }

  #judgeEviction({ model, incarnation, force }: Evict, why: string, nowMs: number): void {
    const books = this.#books
    const stay = books.stayIn(model)
    this.#law(stay !== undefined, `${model} is not there, so nobody evicts it`)
    if (stay !== undefined && !force) {
      const isOther = why === "found-otherwise"
      this.#law(isOther || !books.tenants.isPinned(model), `${model} is pinned and stays`)
      this.#law(!books.tenants.isBusy(model), `${model} infers and stays`)
      const isInUse = [...stay.leases.values()].includes("turn")
      const mayGo = isOther || books.mayBeOver(stay.variant.placement)
      this.#law(!isInUse || mayGo, `${model} is leased by a turn and stays`)
    }
    books.evict(model, incarnation, force, nowMs)
  }

  /** What is shown is what was granted and not given back, no more and no less. */
  #judgeRows(rows: ReadonlyMap<string, ResidencyRow>, nowMs: number): void {
    const books = this.#books
    const { evictMs } = books.settings
    for (const stay of books.stays.values()) {
      const { model, variant, going } = stay
      const row = rows.get(model)
      this.#law(row !== undefined, `the memory of ${model} is committed until it is back`)
      if (row === undefined) continue
      const isThere = row.variant === variant.footprintKey && row.placement === variant.placement
      this.#law(
        isThere,
        `${model} is shown as ${variant.footprintKey} on the ${variant.placement}, where it is`,
      )
      const held = stay.leases.size
      this.#law(row.leases === held, `${model} has ${held} leases, not ${row.leases}`)
      const state = rowStateOf(stay)
      this.#law(row.state === state, `${model} is shown as ${state}, not as ${row.state}`)
      const mib = books.stayMib(stay)
      this.#law(row.footprintMib === mib, `${mib} MiB are committed for ${model}, not ${row.footprintMib}`)
      if (going === undefined || stay.endedAtMs !== undefined || stay.isStuck) continue
      const isInTime = nowMs - going.sinceMs < evictMs
      this.#law(isInTime, `an eviction of ${model} is overdue, and is ${going.isForced ? "told" : "forced"}`)
    }
    for (const model of rows.keys()) {
      const isKnown = books.stayIn(model) !== undefined || books.mayLinger(model)
      this.#law(isKnown, `${model} is committed for somebody`)
    }
  }

  /**
   * An excess that does not grow ends within the grace, except for what cannot go: the pinned, and those whose actor is
   * gone. What is going already is no excess; how long it takes is not the ledger's to say. A model that falls back is
   * there whatever it costs, and whoever has to go for it has a grace of its own.
   */
  #judgeRelief(placement: Placement, { type, nowMs }: LedgerEvent): void {
    const books = this.#books
    const lasts = ({ going, endedAtMs, isStuck }: SeenStay): boolean =>
      endedAtMs === undefined && (going === undefined || isStuck)
    const mib = books.committedMib(placement, lasts) - books.budgetMib(placement, "lasting")
    const canGo = (stay: SeenStay): boolean =>
      stay.variant.placement === placement &&
      stay.going === undefined &&
      !books.tenants.isPinned(stay.model) &&
      books.tenants.specOf(stay.model) !== undefined
    const known = this.#excess.get(placement)
    const isNew =
      known === undefined || mib > known.mostMib || (type === "tenant.fell-back" && mib > known.mib)
    if (mib <= 0 || ![...books.stays.values()].some(canGo)) this.#excess.delete(placement)
    else this.#excess.set(placement, isNew ? { mib, mostMib: mib, sinceMs: nowMs } : { ...known, mib })
    const { sinceMs } = this.#excess.get(placement) ?? { sinceMs: nowMs }
    const isInTime = nowMs - sinceMs <= books.settings.graceMs
    this.#law(isInTime, `${mib} MiB too much on the ${placement} since ${sinceMs} ms are given back in time`)
  }

  /** A ledger that refuses everybody keeps every budget: who finds the GPU empty and fits is let in at once. */
  #judgeAlone(
    event: LedgerEvent,
    commands: readonly LedgerCommand[],
    waiting: ReadonlyMap<string, Asked>,
  ): void {
    if (event.type !== "request.made" || waiting.size > 1) return
    const [model = ""] = event.models
    const [variant] = this.#books.tenants.specOf(model)?.variants ?? []
    const foreignMib = this.#books.aloneForeignMib()
    if (event.models.length > 1 || variant?.placement !== "gpu" || foreignMib === undefined) return
    if (this.#books.tenants.isResting(model) || this.#books.stayIn(model) !== undefined) return
    const isFitting = this.#books.believedMib(variant) <= this.#books.nominalMib("gpu") - foreignMib
    const isGranted = commands.some(({ type }) => type === "grant")
    this.#law(!isFitting || isGranted, `${model} fits an empty GPU and is let in`)
  }
}

const isAt = ({ variant }: SeenStay, footprintKey: string): boolean => variant.footprintKey === footprintKey
