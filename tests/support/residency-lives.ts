import type { FoundModel, Placement, Variant } from "../../src/ports/residency.ts"
import type { Happening } from "./residency-under-test.ts"
import type { AllocationId, SimulatedGpu } from "./simulated-gpu.ts"

/** What a simulated model actor is doing with its memory, whatever the ledger thinks. */
interface Life {
  /** Where it really is. */
  placement: Placement
  variant: Variant
  /** As which a server of others may load it, if not as what was granted. */
  readonly others: readonly Variant[]
  readonly requestId: string
  readonly allocations: AllocationId[]
  phase: "loading" | "ready" | "unloading"
  /** When the present phase ends, unless something else ends it. */
  untilMs: number
  busyUntilMs: number | undefined
  readonly evictions: number[]
}

/** What a server of others holds of a model although nobody here loads it. */
interface Leftover {
  readonly variant: Variant
  readonly mib: number
  readonly allocations: readonly AllocationId[]
}

export interface LivesOptions {
  readonly gpu: SimulatedGpu
  readonly random: () => number
  readonly nowMs: () => number
  readonly tell: (happening: Happening) => void
  /** A load, or an inference, ran out of memory. */
  readonly onOutOfMemory: (model: string) => void
  /** Nothing takes more than it declares, and whatever ends has given its memory back. */
  readonly isCalm: boolean
  /** That a model turns out not to be able to use the GPU. */
  readonly fallBackChance: number
}

/**
 * SIMULATED model actors with their memory on a simulated GPU: they load, infer and unload, late or never, fall back to
 * the processor, and leave what a server of others holds where it is.
 */
export class ResidencyLives {
  fallBacks = 0
  readonly #options: LivesOptions
  readonly #lives = new Map<string, Life>()
  readonly #leftovers = new Map<string, Leftover>()

  constructor(options: LivesOptions) {
    this.#options = options
  }

  get models(): readonly string[] {
    return [...this.#lives.keys()]
  }

  has(model: string): boolean {
    return this.#lives.has(model)
  }

  /** Loaded, or to be: the model's own lease was granted. */
  begin(model: string, variant: Variant, requestId: string, others: readonly Variant[]): void {
    const leftover = this.#leftovers.get(model)
    const isThere = leftover?.variant === variant
    if (isThere) this.#leftovers.delete(model)
    this.#lives.set(model, {
      variant,
      others: others.filter(({ placement, declaredMib }) => {
        return placement === variant.placement && declaredMib <= variant.declaredMib
      }),
      placement: variant.placement,
      requestId,
      allocations: isThere ? [...leftover.allocations] : [],
      phase: "loading",
      untilMs: this.#now + this.#whole(this.#chance(0.1) ? 20_000 : 1000),
      busyUntilMs: undefined,
      evictions: [],
    })
  }

  /** From an earlier run, or because another client of the server had it loaded. */
  leave(model: string, variant: Variant, mib: number): void {
    const taken = this.#options.gpu.allocate(model, mib)
    if (taken.ok) this.#leftovers.set(model, { variant, mib, allocations: [taken.id] })
  }

  /** Its time with the server is over. */
  forget(model: string): void {
    for (const id of this.#leftovers.get(model)?.allocations ?? []) this.#options.gpu.release(id)
    this.#leftovers.delete(model)
  }

  /** What its server tells of it. */
  found(model: string): FoundModel | undefined {
    const leftover = this.#leftovers.get(model)
    if (leftover === undefined) return undefined
    return { footprintKey: leftover.variant.footprintKey, mib: leftover.mib, partial: false }
  }

  /** Something of somebody that is ready and does nothing. */
  anyIdle(): string | undefined {
    const idle = this.models.filter((model) => {
      const life = this.#lives.get(model)
      return life?.phase === "ready" && life.busyUntilMs === undefined
    })
    return idle[this.#whole(idle.length)]
  }

  infer(model: string): void {
    const life = this.#lives.get(model)
    if (life === undefined) return
    life.busyUntilMs = this.#now + this.#whole(this.#chance(0.1) ? 30_000 : 2000)
    this.#options.tell({ type: "tenant.busy", model, busy: true })
    // A longer context than ever before.
    if (life.placement === "gpu" && !this.#options.isCalm && this.#chance(0.05)) {
      this.#take(model, life, this.#whole(300))
    }
  }

  unload(model: string): void {
    const life = this.#lives.get(model)
    if (life === undefined || life.phase === "unloading") return
    life.phase = "unloading"
    life.untilMs = this.#now + this.#whole(this.#chance(0.03) ? 60_000 : 500)
    for (const id of life.allocations) this.#options.gpu.release(id)
  }

  /** Its actor ends, whatever it does; a server of others may keep the model. */
  retire(model: string, isKept: boolean): void {
    const life = this.#lives.get(model)
    if (life === undefined) return
    if (isKept && life.phase === "ready" && life.placement === "gpu") {
      const mib = this.#options.gpu.usedBy(model)
      this.#leftovers.set(model, { variant: life.variant, mib, allocations: life.allocations })
      this.#end(model, life)
      return
    }
    life.busyUntilMs = undefined
    this.unload(model)
  }

  evict(model: string, incarnation: number, isForced: boolean): void {
    const { tell } = this.#options
    const life = this.#lives.get(model)
    if (life === undefined) {
      this.forget(model)
      tell({ type: "eviction.ended", model, incarnation })
      return
    }
    life.evictions.push(incarnation)
    if (life.busyUntilMs !== undefined && !isForced) return
    if (life.busyUntilMs !== undefined) {
      life.busyUntilMs = undefined
      tell({ type: "tenant.busy", model, busy: false })
    }
    this.unload(model)
    // Force ends most of what hangs.
    if (isForced && this.#chance(0.8)) life.untilMs = Math.min(life.untilMs, this.#now + 300)
  }

  /** A host died and its model was loaded again in its place, but on the processor; or somebody says so too late. */
  loseGpu(model: string): void {
    const life = this.#lives.get(model)
    if (life === undefined || life.phase === "loading") return
    for (const id of life.allocations.splice(0)) this.#options.gpu.release(id)
    this.#fallBack(model, life)
    if (life.phase === "ready") this.#options.tell({ type: "tenant.loaded", model })
  }

  /** What is due next, and when. */
  due(): { readonly model: string; readonly atMs: number } | undefined {
    let next: { readonly model: string; readonly atMs: number } | undefined
    for (const [model, { untilMs, busyUntilMs }] of this.#lives) {
      const atMs = Math.min(untilMs, busyUntilMs ?? untilMs)
      if (atMs < (next?.atMs ?? Number.POSITIVE_INFINITY)) next = { model, atMs }
    }
    return next
  }

  /** What is due of a model's life. */
  live(model: string): void {
    const { gpu, tell } = this.#options
    const life = this.#lives.get(model)
    if (life === undefined) return
    if (life.busyUntilMs !== undefined && life.busyUntilMs <= this.#now) {
      life.busyUntilMs = undefined
      tell({ type: "tenant.busy", model, busy: false })
      if (life.phase === "ready" && life.evictions.length > 0) this.unload(model)
      return
    }
    if (life.phase === "loading") this.#loadEnds(model, life)
    // Half of them tell before the memory is back, where not everybody does what is expected.
    else if (
      (this.#options.isCalm || this.#chance(0.5)) &&
      !life.allocations.every((id) => gpu.isReleased(id))
    ) {
      life.untilMs = this.#now + 50
    } else this.#end(model, life)
  }

  #end(model: string, life: Life): void {
    this.#lives.delete(model)
    for (const incarnation of life.evictions) {
      this.#options.tell({ type: "eviction.ended", model, incarnation })
    }
    this.#options.tell({ type: "request.ended", id: life.requestId })
  }

  #loadEnds(model: string, life: Life): void {
    const { tell, isCalm, fallBackChance } = this.#options
    const isThere = life.allocations.length > 0
    if (life.placement === "gpu" && !isThere && this.#chance(fallBackChance)) this.#fallBack(model, life)
    const other = isThere ? undefined : life.others[this.#whole(4 * life.others.length)]
    if (other !== undefined && life.placement === "gpu") life.variant = other
    // Torn in two: the rest of it is in the RAM.
    const isPartial = !isThere && life.others.length > 0 && this.#chance(0.05)
    const factor = this.#chance(0.1) ? 0.8 + this.#options.random() * (isCalm ? 0.2 : 0.5) : 0.97
    const mib = Math.ceil(life.variant.declaredMib * (isPartial ? 0.5 : factor))
    const isTaken = life.placement === "cpu" || isThere || this.#take(model, life, mib)
    if (!isTaken || this.#chance(0.03)) {
      if (!isTaken) tell({ type: "tenant.out-of-memory", model })
      this.unload(model)
      return
    }
    life.phase = "ready"
    life.untilMs = Number.POSITIVE_INFINITY
    if (life.placement === "cpu" || life.others.length === 0) tell({ type: "tenant.loaded", model })
    else {
      const { footprintKey } = life.variant
      const measuredMib = isThere ? this.#options.gpu.usedBy(model) : mib
      tell({ type: "tenant.loaded", model, measuredMib, footprintKey, partial: isPartial })
    }
  }

  #fallBack(model: string, life: Life): void {
    if (life.placement === "gpu") this.fallBacks++
    life.placement = "cpu"
    this.#options.tell({ type: "tenant.fell-back", model })
  }

  #take(model: string, life: Life, mib: number): boolean {
    const taken = this.#options.gpu.allocate(model, mib)
    if (taken.ok) life.allocations.push(taken.id)
    else this.#options.onOutOfMemory(model)
    return taken.ok
  }

  get #now(): number {
    return this.#options.nowMs()
  }

  #chance(of: number): boolean {
    return this.#options.random() < of
  }

  #whole(below: number): number {
    return Math.floor(this.#options.random() * below)
  }
}
