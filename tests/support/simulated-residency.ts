import { staysIn } from "../../src/machines/residency/residency-accounts.ts"
import { dueAtMs } from "../../src/machines/residency/residency-due.ts"
import { account, emptyLedger } from "../../src/machines/residency/residency-ledger.ts"
import {
  DEFAULT_LEDGER_SETTINGS,
  type LedgerCommand,
  type LedgerEvent,
  type LedgerSettings,
  type LedgerState,
  type TenantSpec,
} from "../../src/machines/residency/residency-types.ts"
import type { ModelClass, Variant } from "../../src/ports/residency.ts"
import { type Asked, ResidencyLaws } from "./residency-laws.ts"
import { seededRandom } from "./seeded-random.ts"
import { type AllocationId, SimulatedGpu } from "./simulated-gpu.ts"

/** An event without its time. */
type Happening = LedgerEvent extends infer E ? (E extends LedgerEvent ? Omit<E, "nowMs"> : never) : never

/** What a simulated model actor is doing with its memory, whatever the ledger thinks. */
interface Life {
  readonly variant: Variant
  readonly requestId: string
  readonly allocations: AllocationId[]
  readonly incarnation: number
  phase: "loading" | "ready" | "unloading"
  /** When the present phase ends, unless something else ends it. */
  untilMs: number
  busyUntilMs: number | undefined
  evictions: number[]
}

export interface ResidencyCounts {
  operations: number
  grants: number
  refusals: number
  cancels: number
  evictions: number
  overcommitments: number
  stuckEvictions: number
  outOfMemory: number
}

const CLASSES: readonly ModelClass[] = ["wake", "vad", "stt", "llm", "tts", "background"]
const MOST_WAITING = 6

/**
 * A SIMULATED world around the real planner and ledger: model actors that load, infer and unload, late or never, on a
 * simulated GPU that other programs use as well, turns that ask and give up. After every operation the laws are
 * checked; the first one broken is thrown, with the seed.
 */
export class SimulatedResidency {
  readonly counts: ResidencyCounts = {
    operations: 0,
    grants: 0,
    refusals: 0,
    cancels: 0,
    evictions: 0,
    overcommitments: 0,
    stuckEvictions: 0,
    outOfMemory: 0,
  }
  readonly #seed: number
  readonly #random: () => number
  readonly #laws = new ResidencyLaws((holds, law) => this.#law(holds, law))
  readonly #gpu: SimulatedGpu
  readonly #specs: readonly TenantSpec[]
  readonly #lives = new Map<string, Life>()
  /** Waiting for an answer, and those whose leases are held, by request. */
  readonly #waiting = new Map<string, Asked>()
  readonly #held = new Map<string, Asked>()
  #state: LedgerState
  #nowMs = 0
  #ids = 0
  #foreign: AllocationId[] = []
  readonly #told: Happening[] = []
  #isTelling = false

  constructor(seed: number) {
    this.#seed = seed
    this.#random = seededRandom(seed)
    this.#gpu = new SimulatedGpu({
      totalMib: 8192,
      systemMib: this.#whole(700),
      seed,
      now: () => this.#nowMs,
      release: { delayMs: this.#whole(200), steps: 1 + this.#whole(4), stepMs: this.#whole(100) },
      releaseAtLeast: 0.3,
      outOfMemoryChance: this.#random() < 0.5 ? 0 : 0.03,
    })
    const settings: LedgerSettings = {
      ...DEFAULT_LEDGER_SETTINGS,
      ramMib: 1000 + this.#whole(4000),
      upgradeMs: 5000,
      unloadAfterMs: { stt: 20_000, llm: 30_000, tts: 20_000, background: 5000 },
    }
    this.#specs = Array.from({ length: 2 + this.#whole(9) }, (_, index) => this.#spec(index))
    this.#state = emptyLedger(settings)
    if (this.#random() < 0.9) this.#look()
    for (const tenant of this.#specs) this.#tell({ type: "tenant.registered", tenant })
  }

  /** One random operation, then the laws. */
  step(): void {
    this.counts.operations++
    const dice = this.#random()
    if (dice < 0.3) this.#pass(this.#random() < 0.05 ? this.#whole(20_000) : this.#whole(400))
    else if (dice < 0.42) this.#ask("turn")
    else if (dice < 0.58) this.#ask("model")
    else if (dice < 0.66) this.#giveUp(this.#waiting, 0.3)
    else if (dice < 0.76) this.#giveUp(this.#held, 1)
    else if (dice < 0.84) this.#infer()
    else if (dice < 0.86) this.#unload()
    else if (dice < 0.88) this.#rumour()
    else if (dice < 0.9) this.#tell({ type: "conversation", active: this.#random() < 0.5 })
    else if (dice < 0.92) this.#play()
    else this.#look()
    this.#laws.afterOperation(this.#state, this.#nowMs, this.#waiting, this.#held, this.#lives)
  }

  /** Lets everything end: afterwards nobody waits, nothing is leased and nothing is committed. */
  drain(): void {
    for (const id of this.#foreign.splice(0)) this.#gpu.release(id)
    for (const id of [...this.#waiting.keys(), ...this.#held.keys()]) {
      const request = this.#waiting.get(id) ?? this.#held.get(id)
      if (request?.holder.type === "turn") this.#end(id)
    }
    this.#tell({ type: "conversation", active: false })
    for (let i = 0; i < 60; i++) {
      this.#pass(5000)
      this.#look()
    }
    this.#laws.afterOperation(this.#state, this.#nowMs, this.#waiting, this.#held, this.#lives)
    this.#law(this.#waiting.size === 0, "every request is answered in the end")
    this.#law(this.#state.queue.length === 0, "the queue is empty in the end")
    for (const { tenant, residence } of staysIn(this.#state)) {
      const { model } = tenant.spec
      if (this.#lives.get(model) === undefined)
        this.#law(false, `${model} is committed, and nothing holds it`)
      for (const { requestId } of residence.leases) {
        this.#law(this.#held.has(requestId), `the lease of ${model} by ${requestId} leaked`)
      }
    }
  }

  #spec(index: number): TenantSpec {
    const modelClass = CLASSES[this.#whole(CLASSES.length)] ?? "llm"
    const model = `model-${index}`
    const variants = Array.from(
      { length: 1 + this.#whole(3) },
      (_, rung): Variant => ({
        footprintKey: `${model}/${rung}`,
        placement: this.#random() < 0.75 ? "gpu" : "cpu",
        declaredMib: Math.ceil((10 + this.#whole(5000)) / (rung + 1)),
        reloadMs: 10 + this.#whole(3000),
      }),
    )
    return { model, modelClass, pinned: this.#random() < 0.1, variants }
  }

  #ask(type: "model" | "turn"): void {
    if (this.#waiting.size >= MOST_WAITING) return
    const names = this.#specs.map(({ model }) => model)
    const first = names[this.#whole(names.length)] ?? ""
    const id = `request-${++this.#ids}`
    const deadlineMs = this.#random() < 0.1 ? 0 : this.#whole(15_000)
    if (type === "model") {
      const hasOne = [...this.#waiting.values(), ...this.#held.values()].some(
        ({ holder, models }) => holder.type === "model" && models[0] === first,
      )
      if (hasOne) return
    }
    const models =
      type === "model" ? [first] : [...new Set([first, ...names.filter(() => this.#random() < 0.2)])]
    const turnId = `turn-${this.#random() < 0.2 ? this.#whole(this.#ids) : this.#ids}`
    const holder = type === "model" ? { type } : { type, turnId }
    this.#waiting.set(id, { id, models, holder, deadlineAtMs: this.#nowMs + deadlineMs })
    this.#tell({ type: "request.made", id, models, holder, deadlineMs })
  }

  #giveUp(among: Map<string, Asked>, chance: number): void {
    const ids = [...among.keys()].filter(
      (id) => among.get(id)?.holder.type === "turn" || among === this.#waiting,
    )
    const id = ids[this.#whole(ids.length)]
    if (id === undefined || this.#random() > chance) return
    if (among === this.#waiting) this.counts.cancels++
    this.#end(id)
  }

  #end(id: string): void {
    this.#waiting.delete(id)
    this.#held.delete(id)
    this.#tell({ type: "request.ended", id })
  }

  #infer(): void {
    const ready = [...this.#lives].filter(
      ([, life]) => life.phase === "ready" && life.busyUntilMs === undefined,
    )
    const [model, life] = ready[this.#whole(ready.length)] ?? []
    if (model === undefined || life === undefined) return
    life.busyUntilMs = this.#nowMs + this.#whole(this.#random() < 0.1 ? 30_000 : 2000)
    this.#tell({ type: "tenant.busy", model, busy: true })
    // A longer context than ever before.
    if (life.variant.placement === "gpu" && this.#random() < 0.05) this.#take(model, life, this.#whole(300))
  }

  #unload(): void {
    const ready = [...this.#lives].filter(
      ([, life]) => life.phase === "ready" && life.busyUntilMs === undefined,
    )
    const [, life] = ready[this.#whole(ready.length)] ?? []
    if (life !== undefined) this.#beginUnload(life)
  }

  /** Late and wrong words must change nothing for the worse. */
  #rumour(): void {
    const { model } = this.#specs[this.#whole(this.#specs.length)] ?? { model: "nobody" }
    const incarnation = this.#whole(this.#state.incarnations + 1)
    const residence = staysIn(this.#state).find(({ tenant }) => tenant.spec.model === model)?.residence
    if (residence?.incarnation !== incarnation) this.#tell({ type: "eviction.ended", model, incarnation })
    if (!this.#lives.has(model)) this.#tell({ type: "tenant.loaded", model })
    this.#tell({ type: "request.ended", id: "request-of-nobody" })
    this.#tell({ type: "tenant.busy", model: "nobody", busy: true })
  }

  /** Another program takes or gives. */
  #play(): void {
    if (this.#foreign.length > 0 && this.#random() < 0.6) {
      const id = this.#foreign.pop()
      if (id !== undefined) this.#gpu.release(id)
      return
    }
    const taken = this.#gpu.allocate("game", 50 + this.#whole(3000))
    if (taken.ok) this.#foreign.push(taken.id)
  }

  #look(): void {
    if (this.#random() < 0.02) this.#gpu.readable = !this.#gpu.readable
    const reading = this.#gpu.read()
    if (reading !== undefined) this.#tell({ type: "reading", reading })
  }

  /** Time goes on, and everything in it happens when it is due. */
  #pass(ms: number): void {
    const untilMs = this.#nowMs + ms
    for (let i = 0; i < 10_000; i++) {
      const ledgerMs = dueAtMs(this.#state) ?? Number.POSITIVE_INFINITY
      let lifeMs = Number.POSITIVE_INFINITY
      let due: string | undefined
      for (const [model, { untilMs: phaseMs, busyUntilMs }] of this.#lives) {
        const atMs = Math.min(phaseMs, busyUntilMs ?? phaseMs)
        if (atMs < lifeMs) {
          lifeMs = atMs
          due = model
        }
      }
      const nextMs = Math.min(ledgerMs, lifeMs)
      if (nextMs > untilMs) {
        this.#nowMs = untilMs
        return
      }
      this.#nowMs = Math.max(this.#nowMs, nextMs)
      if (lifeMs <= ledgerMs && due !== undefined) this.#live(due)
      else {
        this.#tell({ type: "time.passed" })
        const again = dueAtMs(this.#state)
        this.#law(
          again === undefined || again > this.#nowMs,
          `what was due is done (${again} at ${this.#nowMs})`,
        )
      }
    }
    this.#law(false, "time goes on")
  }

  /** What is due of a model's life. */
  #live(model: string): void {
    const life = this.#lives.get(model)
    if (life === undefined) return
    if (life.busyUntilMs !== undefined && life.busyUntilMs <= this.#nowMs) {
      life.busyUntilMs = undefined
      this.#tell({ type: "tenant.busy", model, busy: false })
      if (life.phase === "ready" && life.evictions.length > 0) this.#beginUnload(life)
      return
    }
    if (life.phase === "loading") this.#loadEnds(model, life)
    else if (life.phase === "unloading") {
      // Half of them tell before the memory is back.
      if (this.#random() < 0.5 && !life.allocations.every((id) => this.#gpu.isReleased(id))) {
        life.untilMs = this.#nowMs + 50
        return
      }
      this.#lives.delete(model)
      for (const incarnation of life.evictions) this.#tell({ type: "eviction.ended", model, incarnation })
      this.#end(life.requestId)
    }
  }

  #loadEnds(model: string, life: Life): void {
    const factor = this.#random() < 0.1 ? 0.8 + this.#random() * 0.5 : 0.97
    const isTaken =
      life.variant.placement === "cpu" ||
      this.#take(model, life, Math.ceil(life.variant.declaredMib * factor))
    if (!isTaken || this.#random() < 0.03) {
      if (!isTaken) this.#tell({ type: "tenant.out-of-memory", model })
      this.#beginUnload(life)
      return
    }
    life.phase = "ready"
    life.untilMs = Number.POSITIVE_INFINITY
    this.#tell({ type: "tenant.loaded", model })
  }

  #take(model: string, life: Life, mib: number): boolean {
    const taken = this.#gpu.allocate(model, mib)
    if (taken.ok) life.allocations.push(taken.id)
    else this.counts.outOfMemory++
    return taken.ok
  }

  #beginUnload(life: Life): void {
    if (life.phase === "unloading") return
    life.phase = "unloading"
    life.untilMs = this.#nowMs + this.#whole(this.#random() < 0.03 ? 60_000 : 500)
    for (const id of life.allocations) this.#gpu.release(id)
  }

  /** What is told while commands are carried out comes after them. */
  #tell(happening: Happening): void {
    this.#told.push(happening)
    if (this.#isTelling) return
    this.#isTelling = true
    for (let next = this.#told.shift(); next !== undefined; next = this.#told.shift()) {
      const before = this.#state
      const { state, commands } = account(before, { ...next, nowMs: this.#nowMs })
      this.#state = state
      this.#laws.afterStep(before, state, commands, this.#nowMs, this.#waiting)
      for (const command of commands) this.#obey(command)
    }
    this.#isTelling = false
  }

  #obey(command: LedgerCommand): void {
    switch (command.type) {
      case "grant": {
        const request = this.#waiting.get(command.id)
        this.#waiting.delete(command.id)
        if (request === undefined) return
        this.counts.grants++
        this.#held.set(request.id, request)
        this.#law(
          command.grants.map(({ model }) => model).join() === request.models.join(),
          `${request.id} gets all that it asked for`,
        )
        const [grant] = command.grants
        if (request.holder.type !== "model" || grant === undefined) return
        const stay = staysIn(this.#state).find(({ tenant }) => tenant.spec.model === grant.model)
        this.#lives.set(grant.model, {
          variant: grant.variant,
          requestId: request.id,
          allocations: [],
          incarnation: stay?.residence.incarnation ?? 0,
          phase: "loading",
          untilMs: this.#nowMs + this.#whole(this.#random() < 0.1 ? 20_000 : 1000),
          busyUntilMs: undefined,
          evictions: [],
        })
        return
      }
      case "refuse":
        this.counts.refusals++
        this.#waiting.delete(command.id)
        this.#law(/^[A-Z].*\.$/.test(command.reason), `"${command.reason}" can be spoken`)
        return
      case "evict": {
        this.counts.evictions++
        const life = this.#lives.get(command.model)
        if (life === undefined) {
          this.#tell({ type: "eviction.ended", model: command.model, incarnation: command.incarnation })
          return
        }
        life.evictions.push(command.incarnation)
        if (life.busyUntilMs === undefined || command.force) {
          if (life.busyUntilMs !== undefined) {
            life.busyUntilMs = undefined
            this.#tell({ type: "tenant.busy", model: command.model, busy: false })
          }
          this.#beginUnload(life)
          // Force ends most of what hangs.
          if (command.force && this.#random() < 0.8) life.untilMs = Math.min(life.untilMs, this.#nowMs + 300)
        }
        return
      }
      case "look": {
        const reading = this.#gpu.read()
        if (reading !== undefined && this.#random() < 0.9) this.#tell({ type: "reading", reading })
        return
      }
      case "report":
        if (command.report.type === "overcommitted") this.counts.overcommitments++
        if (command.report.type === "eviction-stuck") this.counts.stuckEvictions++
        return
      default:
    }
  }

  #law(holds: boolean, law: string): void {
    if (holds) return
    throw new Error(
      `seed ${this.#seed}, operation ${this.counts.operations}, ${this.#nowMs} ms: not so: ${law}`,
    )
  }

  #whole(below: number): number {
    return Math.floor(this.#random() * below)
  }
}
