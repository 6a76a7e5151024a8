import type {
  LedgerCommand,
  LedgerSettings,
  LedgerState,
} from "../../src/machines/residency/residency-types.ts"
import type { ResidencySnapshot, Variant } from "../../src/ports/residency.ts"
import { ResidencyBooks } from "./residency-books.ts"
import { type Asked, ResidencyLaws } from "./residency-laws.ts"
import { type LivesOptions, ResidencyLives } from "./residency-lives.ts"
import type { Happening, LedgerUnderTest } from "./residency-under-test.ts"

interface DriverOptions extends Pick<LivesOptions, "gpu" | "random" | "isCalm" | "fallBackChance"> {
  readonly ledger: LedgerUnderTest
  readonly settings: LedgerSettings
  /** As which a server of others may load a model, whatever was granted; none of a model that we load ourselves. */
  readonly variantsOf: (model: string) => readonly Variant[]
  /** Told each time whether a law holds. */
  readonly law: (holds: boolean, law: string) => void
}

/**
 * Drives a ledger as its adapter does, in SIMULATED time: tells it what happens, carries its commands out on simulated
 * lives, wakes it when something is due, and has every step judged.
 */
export class ResidencyDriver {
  readonly counts = {
    events: 0,
    grants: 0,
    refusals: 0,
    evictions: 0,
    overcommitments: 0,
    stuckEvictions: 0,
    outOfMemory: 0,
  }
  readonly books: ResidencyBooks
  readonly lives: ResidencyLives
  /** Waiting for an answer, and those whose leases are held, by request. */
  readonly waiting = new Map<string, Asked>()
  readonly held = new Map<string, Asked>()
  nowMs = 0
  readonly #options: DriverOptions
  readonly #laws: ResidencyLaws
  readonly #told: Happening[] = []
  #isTelling = false
  #state: LedgerState

  constructor(options: DriverOptions) {
    const { ledger, settings, law } = options
    this.#options = options
    this.#state = ledger.open(settings)
    this.books = new ResidencyBooks(settings)
    this.#laws = new ResidencyLaws(this.books, law)
    this.lives = new ResidencyLives({
      ...options,
      nowMs: () => this.nowMs,
      tell: (happening) => this.tell(happening),
      onOutOfMemory: (model) => {
        this.counts.outOfMemory++
        law(!options.isCalm, `${model} was granted memory that is there`)
      },
    })
  }

  get shown(): ResidencySnapshot {
    return this.#options.ledger.snapshot(this.#state)
  }

  get dueAtMs(): number | undefined {
    return this.#options.ledger.dueAtMs(this.#state)
  }

  ask(request: Asked): void {
    const { id, models, holder, deadlineAtMs } = request
    this.waiting.set(id, request)
    this.tell({ type: "request.made", id, models, holder, deadlineMs: deadlineAtMs - this.nowMs })
  }

  /** A request is given up, or its leases are. */
  end(id: string): void {
    this.tell({ type: "request.ended", id })
  }

  /** Delivers a reading, if the driver gives one. */
  look(): void {
    const reading = this.#options.gpu.read()
    if (reading !== undefined) this.tell({ type: "reading", reading })
  }

  judge(): void {
    this.#laws.afterOperation(this.nowMs, this.waiting)
  }

  /** Time goes on, and everything in it happens when it is due. */
  pass(ms: number): void {
    const { law } = this.#options
    const untilMs = this.nowMs + ms
    for (let i = 0; i < 10_000; i++) {
      const ledgerMs = this.dueAtMs ?? Number.POSITIVE_INFINITY
      const life = this.lives.due()
      const lifeMs = life?.atMs ?? Number.POSITIVE_INFINITY
      const nextMs = Math.min(ledgerMs, lifeMs)
      if (nextMs > untilMs) {
        this.nowMs = untilMs
        return
      }
      this.nowMs = Math.max(this.nowMs, nextMs)
      if (lifeMs <= ledgerMs && life !== undefined) this.lives.live(life.model)
      else {
        this.tell({ type: "time.passed" })
        const again = this.dueAtMs
        law(again === undefined || again > this.nowMs, `what was due is done (${again} at ${this.nowMs})`)
      }
    }
    law(false, "time goes on")
  }

  /** What is told while commands are carried out comes after them. */
  tell(happening: Happening): void {
    this.#told.push(happening)
    if (this.#isTelling) return
    this.#isTelling = true
    for (let next = this.#told.shift(); next !== undefined; next = this.#told.shift()) {
      this.counts.events++
      const event = { ...next, nowMs: this.nowMs }
      const { state, commands } = this.#options.ledger.account(this.#state, event)
      this.#state = state
      if (event.type === "request.ended") {
        this.waiting.delete(event.id)
        this.held.delete(event.id)
      }
      this.#laws.afterStep(event, commands, this.shown, this.waiting)
      for (const command of commands) this.#obey(command)
    }
    this.#isTelling = false
  }

  #obey(command: LedgerCommand): void {
    switch (command.type) {
      case "grant": {
        const request = this.waiting.get(command.id)
        if (request === undefined) return
        this.waiting.delete(command.id)
        this.held.set(request.id, request)
        this.counts.grants++
        const [grant] = command.grants
        if (request.holder.type !== "model" || grant === undefined) return
        this.lives.begin(grant.model, grant.variant, request.id, this.#options.variantsOf(grant.model))
        return
      }
      case "refuse":
        this.counts.refusals++
        this.waiting.delete(command.id)
        this.#options.law(/^[A-Z].*\.$/.test(command.reason), `"${command.reason}" can be spoken`)
        return
      case "evict":
        this.counts.evictions++
        // Nobody can be asked any more: its actor unloads by itself.
        if (this.books.tenants.specOf(command.model) === undefined) return
        this.lives.evict(command.model, command.incarnation, command.force)
        return
      case "look":
        // Not every reading that is wanted comes.
        if (this.#options.random() < 0.9) this.look()
        return
      case "report":
        if (command.report.type === "overcommitted") this.counts.overcommitments++
        if (command.report.type === "eviction-stuck") this.counts.stuckEvictions++
        return
      default:
    }
  }
}
