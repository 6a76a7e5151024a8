import {
  DEFAULT_LEDGER_SETTINGS,
  type LedgerSettings,
  type TenantSpec,
} from "../../src/machines/residency/residency-types.ts"
import { ResidencyDriver } from "./residency-driver.ts"
import type { Asked } from "./residency-laws.ts"
import { randomTenant } from "./residency-tenants.ts"
import { type LedgerUnderTest, REAL_LEDGER } from "./residency-under-test.ts"
import { seededRandom } from "./seeded-random.ts"
import { type AllocationId, SimulatedGpu } from "./simulated-gpu.ts"

const GPU_MIB = 8192
const MOST_WAITING = 6

/**
 * A SIMULATED world around the real planner and ledger: models that come and go, load, infer and unload, late or never,
 * on a simulated GPU that other programs use as well, and whose readings fail for a time; turns that ask and give up.
 * After every event the laws are checked; the first one broken is thrown, with the seed. In a quarter of the worlds
 * nobody else is on the GPU and no model takes more than it declares: there no load may run out of memory.
 */
export class SimulatedResidency {
  readonly #counts = { operations: 0, cancels: 0, registrations: 0, found: 0, blindTimes: 0 }
  readonly #seed: number
  readonly #random: () => number
  readonly #gpu: SimulatedGpu
  readonly #driver: ResidencyDriver
  readonly #specs = new Map<string, TenantSpec>()
  readonly #isCalm: boolean
  /** A server of others holds them, and keeps them when nobody here needs them. */
  readonly #served = new Set<string>()
  readonly #games: AllocationId[] = []
  #ids = 0

  constructor(seed: number, ledger: LedgerUnderTest = REAL_LEDGER) {
    this.#seed = seed
    this.#random = seededRandom(seed)
    this.#isCalm = this.#random() < 0.25
    this.#gpu = new SimulatedGpu({
      totalMib: GPU_MIB,
      systemMib: this.#whole(700),
      seed,
      now: () => this.#driver.nowMs,
      release: { delayMs: this.#whole(200), steps: 1 + this.#whole(4), stepMs: this.#whole(100) },
      releaseAtLeast: 0.3,
      outOfMemoryChance: this.#isCalm || this.#random() < 0.5 ? 0 : 0.03,
    })
    const settings: LedgerSettings = {
      ...DEFAULT_LEDGER_SETTINGS,
      // A setting that promises more than there is: the readings know better.
      totalMib: this.#random() < 0.2 ? GPU_MIB + this.#whole(8000) : GPU_MIB,
      ramMib: 1000 + this.#whole(4000),
      upgradeMs: 5000,
      unloadAfterMs: { stt: 20_000, llm: 30_000, tts: 20_000, background: 5000 },
    }
    this.#driver = new ResidencyDriver({
      ledger,
      settings,
      gpu: this.#gpu,
      random: this.#random,
      isCalm: this.#isCalm,
      // Not in every world: the more models fall back, the less the GPU is fought for.
      fallBackChance: this.#isCalm || this.#random() < 0.5 ? 0 : 0.06,
      variantsOf: (model) => (this.#served.has(model) ? (this.#specs.get(model)?.variants ?? []) : []),
      law: (holds, law) => this.#law(holds, law),
    })
    const count = 2 + this.#whole(9)
    for (let index = 0; index < count; index++) this.#invent(`model-${index}`)
    if (this.#isCalm || this.#random() < 0.9) this.#look()
    for (const model of this.#specs.keys()) this.#register(model)
  }

  get counts() {
    return { ...this.#counts, ...this.#driver.counts, fallBacks: this.#driver.lives.fallBacks }
  }

  /** One random operation, then the laws. */
  step(): void {
    this.#counts.operations++
    const dice = this.#random()
    if (dice < 0.3) this.#driver.pass(this.#random() < 0.05 ? this.#whole(20_000) : this.#whole(400))
    else if (dice < 0.42) this.#ask("turn")
    else if (dice < 0.58) this.#ask("model")
    else if (dice < 0.66) this.#giveUp(this.#driver.waiting, 0.3)
    else if (dice < 0.76) this.#giveUp(this.#driver.held, 1)
    else if (dice < 0.84) this.#idle((model) => this.#driver.lives.infer(model))
    else if (dice < 0.86) this.#idle((model) => this.#driver.lives.unload(model))
    else if (dice < 0.87) this.#rumour()
    else if (dice < 0.875) this.#loseGpu()
    else if (dice < 0.89) this.#driver.tell({ type: "conversation", active: this.#random() < 0.5 })
    else if (dice < 0.9) this.#comeOrGo()
    else if (dice < 0.92) this.#play()
    else this.#look()
    this.#driver.judge()
  }

  /** Lets everything end: afterwards nobody waits, nothing is leased, and at last nothing is committed. */
  drain(): void {
    for (const id of this.#games.splice(0)) this.#gpu.release(id)
    for (const { id, holder } of [...this.#driver.waiting.values(), ...this.#driver.held.values()]) {
      if (holder.type === "turn") this.#driver.end(id)
    }
    this.#driver.tell({ type: "conversation", active: false })
    this.#settle()
    this.#law(this.#driver.waiting.size === 0, "every request is answered in the end")
    for (const { model, leases } of this.#driver.shown.rows) {
      this.#law(leases <= 1, `no lease of ${model} leaks`)
      // Of what a server of others lets go by itself nobody hears.
      const isThere = this.#driver.lives.has(model) || this.#served.has(model)
      this.#law(isThere, `nothing is committed for ${model}, which is not there`)
    }
    for (const model of this.#specs.keys()) this.#unregister(model)
    this.#settle()
    this.#law(this.#driver.shown.rows.length === 0, "nothing is committed in the end")
    this.#law(this.#driver.dueAtMs === undefined, "nothing is waited for in the end")
  }

  #settle(): void {
    for (let i = 0; i < 40; i++) {
      this.#driver.pass(5000)
      this.#look()
    }
    this.#driver.judge()
  }

  #invent(model: string): void {
    const spec = randomTenant(this.#random, model)
    this.#specs.set(model, spec)
    const [best] = spec.variants
    if (best?.placement !== "gpu" || this.#random() > 0.3) return
    this.#served.add(model)
    // Left from before the ledger came.
    if (!this.#isCalm && this.#random() < 0.5)
      this.#driver.lives.leave(model, best, Math.ceil(best.declaredMib * 0.97))
  }

  #register(model: string): void {
    const tenant = this.#specs.get(model)
    if (tenant === undefined) return
    this.#counts.registrations++
    this.#driver.tell({ type: "tenant.registered", tenant })
  }

  /** Its actor ends with it, and tells so in either order. */
  #unregister(model: string): void {
    if (this.#driver.books.tenants.specOf(model) === undefined) return
    const isFirst = this.#random() < 0.5
    const isKept = this.#served.has(model) && !this.#isCalm
    if (isFirst) this.#driver.lives.retire(model, isKept)
    this.#driver.tell({ type: "tenant.unregistered", model })
    if (!isFirst) this.#driver.lives.retire(model, isKept)
  }

  /** The same name may stand for something else later. */
  #comeOrGo(): void {
    const model = this.#anyModel()
    if (this.#driver.books.tenants.specOf(model) !== undefined) {
      this.#unregister(model)
      return
    }
    const isSame = this.#served.has(model) || this.#driver.lives.has(model) || this.#random() < 0.5
    if (!isSame) this.#specs.set(model, randomTenant(this.#random, model))
    this.#register(model)
  }

  #anyModel(): string {
    const models = [...this.#specs.keys()]
    return models[this.#whole(models.length)] ?? "nobody"
  }

  #ask(type: "model" | "turn"): void {
    if (this.#driver.waiting.size >= MOST_WAITING) return
    const first = this.#anyModel()
    const id = `request-${++this.#ids}`
    const deadlineMs = this.#random() < 0.1 ? 0 : this.#whole(15_000)
    if (type === "model") {
      const isItsOwn = ({ holder, models }: Asked) => holder.type === "model" && models[0] === first
      if ([...this.#driver.waiting.values(), ...this.#driver.held.values()].some(isItsOwn)) return
      if (this.#served.has(first)) this.#find(first)
    }
    const others = type === "model" ? [] : [...this.#specs.keys()].filter(() => this.#random() < 0.2)
    const models = [...new Set([first, ...others])]
    const turnId = `turn-${this.#random() < 0.2 ? this.#whole(this.#ids) : this.#ids}`
    const holder = type === "model" ? { type } : { type, turnId }
    this.#driver.ask({ id, models, holder, deadlineAtMs: this.#driver.nowMs + deadlineMs })
  }

  /** Its server is asked before a lease is, unless the model's last stay may not be over. */
  #find(model: string): void {
    if (this.#driver.books.mayLinger(model) || this.#driver.books.stayIn(model)?.endedAtMs !== undefined)
      return
    const found = this.#driver.lives.found(model)
    if (found !== undefined) this.#counts.found++
    this.#driver.tell({ type: "tenant.found", model, found })
  }

  #giveUp(among: Map<string, Asked>, chance: number): void {
    const able = [...among.values()].filter(
      ({ holder }) => holder.type === "turn" || among === this.#driver.waiting,
    )
    const request = able[this.#whole(able.length)]
    if (request === undefined || this.#random() > chance) return
    if (among === this.#driver.waiting) this.#counts.cancels++
    this.#driver.end(request.id)
  }

  #end(id: string): void {
    this.#driver.tell({ type: "request.ended", id })
  }

  #idle(does: (model: string) => void): void {
    const model = this.#driver.lives.anyIdle()
    if (model !== undefined) does(model)
  }

  /** Late and wrong words must change nothing for the worse. */
  #rumour(): void {
    const going = [...this.#driver.books.stays.values()].find((stay) => stay.going !== undefined)
    const model = going?.model ?? this.#anyModel()
    const current = this.#driver.books.stayIn(model)?.going?.incarnation
    const incarnation = this.#whole(this.#driver.counts.grants + 1)
    if (incarnation !== current) this.#driver.tell({ type: "eviction.ended", model, incarnation })
    if (!this.#driver.lives.has(model)) {
      this.#driver.tell({ type: "tenant.fell-back", model })
      this.#driver.tell({ type: "tenant.loaded", model })
    }
    this.#driver.end("request-of-nobody")
    this.#driver.tell({ type: "tenant.busy", model: "nobody", busy: true })
  }

  #loseGpu(): void {
    const { models } = this.#driver.lives
    const model = models[this.#whole(models.length)]
    if (model !== undefined && !this.#isCalm) this.#driver.lives.loseGpu(model)
  }

  /** Another program takes or gives; a server forgets a model, or loads it for somebody else. */
  #play(): void {
    if (this.#isCalm) return
    const model = this.#anyModel()
    if (this.#served.has(model) && this.#random() < 0.3) {
      const best = this.#specs.get(model)?.variants[0]
      if (this.#driver.lives.found(model) !== undefined) this.#driver.lives.forget(model)
      else if (best !== undefined && !this.#driver.lives.has(model))
        this.#driver.lives.leave(model, best, best.declaredMib)
      return
    }
    if (this.#games.length > 0 && this.#random() < 0.6) {
      const id = this.#games.pop()
      if (id !== undefined) this.#gpu.release(id)
      return
    }
    const taken = this.#gpu.allocate("game", 50 + this.#whole(3000))
    if (taken.ok) this.#games.push(taken.id)
  }

  #look(): void {
    if (!this.#isCalm && this.#random() < 0.02) {
      this.#gpu.readable = !this.#gpu.readable
      if (!this.#gpu.readable) this.#counts.blindTimes++
      // Sometimes it stays unknown that there are no more.
      if (!this.#gpu.readable && this.#random() < 0.7) this.#driver.tell({ type: "readings.gone" })
    }
    this.#driver.look()
  }

  #law(holds: boolean, law: string): void {
    if (holds) return
    const { operations } = this.#counts
    throw new Error(`seed ${this.#seed}, operation ${operations}, ${this.#driver.nowMs} ms: not so: ${law}`)
  }

  #whole(below: number): number {
    return Math.floor(this.#random() * below)
  }
}

export type ResidencyCounts = SimulatedResidency["counts"]
