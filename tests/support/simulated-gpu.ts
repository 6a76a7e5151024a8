import type { MemoryReading } from "../../src/ports/readings.ts"
import { seededRandom } from "./seeded-random.ts"
import { SimulatedAddressSpace } from "./simulated-address-space.ts"

interface SimulatedGpuOptions {
  readonly totalMib: number
  /** Held by the driver and the desktop from the start; default 0. */
  readonly systemMib?: number
  readonly seed?: number
  /** Monotonic, ms. Without it the GPU has a time of its own, which `advance` moves. */
  readonly now?: () => number
  /** How freed memory comes back: nothing for `delayMs`, then in `steps` equal parts, `stepMs` apart. Default: at once. */
  readonly release?: { readonly delayMs: number; readonly steps: number; readonly stepMs: number }
  /** Each release takes between this part of its time and all of it; default 1, no chance in it. */
  readonly releaseAtLeast?: number
  /** An allocation is made of contiguous pieces of this size, so that free memory in small holes is of no use. Default 1. */
  readonly pieceMib?: number
  /** What a process costs beside its allocations, from the first of them until it exits (a CUDA context). Default 0. */
  readonly contextMib?: number
  /** Chance, 0..1, that an allocation fails whatever is free. Default 0. */
  readonly outOfMemoryChance?: number
  /** False where the driver does not tell who uses what. Default true. */
  readonly tellsProcesses?: boolean
}

export type AllocationId = number

export interface AllocationRefused {
  readonly ok: false
  readonly askedMib: number
  readonly freeMib: number
  readonly largestHoleMib: number
}

export type AllocationResult = { readonly ok: true; readonly id: AllocationId } | AllocationRefused

interface Allocation {
  readonly owner: string
  heldMib: number
  releasing: boolean
  /** Its process is gone: the driver names nobody for it while it comes back. */
  ownerless: boolean
}

interface DueRelease {
  readonly atMs: number
  readonly id: AllocationId
  readonly sizeMib: number
}

const FIRST_PID = 100_000
const SYSTEM = "system"

/**
 * A SIMULATED GPU: no memory is used and nothing is computed. It has the ways of a real one that matter to whoever plans
 * its memory: freed memory comes back late and in parts, a load may fail although the sum fits, processes that are not
 * ours take what they like, and memory may run out at a load or in use. Synchronous, so that a property test can do a
 * million operations; sizes are whole MiB.
 */
export class SimulatedGpu {
  readonly totalMib: number
  /** False while the driver gives no readings. */
  readable = true
  readonly #options: SimulatedGpuOptions
  readonly #random: () => number
  readonly #space: SimulatedAddressSpace
  readonly #allocations = new Map<AllocationId, Allocation>()
  readonly #contexts = new Map<string, AllocationId>()
  readonly #pids = new Map<string, number>()
  #due: DueRelease[] = []
  #ownMs = 0
  #lastId = 0
  #failures = 0
  #peakMib = 0

  constructor(options: SimulatedGpuOptions) {
    this.#options = options
    this.totalMib = options.totalMib
    this.#random = seededRandom(options.seed ?? 1)
    this.#space = new SimulatedAddressSpace(options.totalMib, options.pieceMib ?? 1, this.#random)
    if (options.systemMib) this.#take(SYSTEM, options.systemMib)
  }

  get nowMs(): number {
    return this.#options.now?.() ?? this.#ownMs
  }

  /** By everybody, what is being released included. */
  get usedMib(): number {
    this.#settle()
    return this.#space.usedMib
  }

  get freeMib(): number {
    return this.totalMib - this.usedMib
  }

  get largestHoleMib(): number {
    this.#settle()
    return this.#space.largestHoleMib
  }

  /** The most that was ever in use. */
  get peakMib(): number {
    return this.#peakMib
  }

  /** The addresses in use, for tests of the simulation itself. */
  get segments() {
    this.#settle()
    return this.#space.segments
  }

  /** Moves the GPU's own time. Of no effect where `now` was given. */
  advance(ms: number): void {
    this.#ownMs += ms
    this.#settle()
  }

  /** All of it or nothing. `owner` names a process: one of ours, or a foreign one such as a game. */
  allocate(owner: string, sizeMib: number): AllocationResult {
    this.#settle()
    const contextMib = this.#contexts.has(owner) ? 0 : (this.#options.contextMib ?? 0)
    const unlucky = this.#random() < (this.#options.outOfMemoryChance ?? 0)
    if (unlucky || this.#failures > 0) {
      this.#failures = Math.max(0, this.#failures - 1)
      return this.#refused(sizeMib)
    }
    const context = contextMib > 0 ? this.#take(owner, contextMib) : undefined
    const id = contextMib > 0 && context === undefined ? undefined : this.#take(owner, sizeMib)
    if (id === undefined) {
      if (context !== undefined) this.#give(context, contextMib)
      return this.#refused(sizeMib)
    }
    if (context !== undefined) this.#contexts.set(owner, context)
    return { ok: true, id }
  }

  /** The next allocations fail whatever is free, at a load or in use. */
  failNext(times = 1): void {
    this.#failures += times
  }

  /** Frees it; the memory comes back as `release` says. To free what is gone or going is of no effect. */
  release(id: AllocationId): void {
    this.#settle()
    const allocation = this.#allocations.get(id)
    if (allocation === undefined || allocation.releasing) return
    allocation.releasing = true
    const { delayMs, steps, stepMs } = this.#options.release ?? { delayMs: 0, steps: 1, stepMs: 0 }
    const least = this.#options.releaseAtLeast ?? 1
    const slowness = least + (1 - least) * this.#random()
    let leftMib = allocation.heldMib
    for (let step = 0; step < steps; step++) {
      const sizeMib = step === steps - 1 ? leftMib : Math.floor(allocation.heldMib / steps)
      this.#due.push({ atMs: this.nowMs + (delayMs + step * stepMs) * slowness, id, sizeMib })
      leftMib -= sizeMib
    }
    this.#settle()
  }

  /** The process ended, by whatever way: the driver frees all that it held, its context included. */
  exit(owner: string): void {
    for (const [id, allocation] of this.#allocations) {
      if (allocation.owner !== owner) continue
      allocation.ownerless = true
      this.release(id)
    }
    this.#contexts.delete(owner)
    this.#pids.delete(owner)
  }

  /** Whether all of it has come back. */
  isReleased(id: AllocationId): boolean {
    this.#settle()
    return !this.#allocations.has(id)
  }

  usedBy(owner: string): number {
    this.#settle()
    let usedMib = 0
    for (const allocation of this.#allocations.values()) {
      if (allocation.owner === owner) usedMib += allocation.heldMib
    }
    return usedMib
  }

  /** The process id of an owner; `adopt` gives it a real one. A process that was started again has another. */
  pidOf(owner: string): number {
    const known = this.#pids.get(owner)
    if (known !== undefined) return known
    const pid = FIRST_PID + ++this.#lastId
    this.#pids.set(owner, pid)
    return pid
  }

  adopt(owner: string, pid: number): void {
    this.#pids.set(owner, pid)
  }

  /** Undefined while `readable` is false. */
  read(): MemoryReading | undefined {
    if (!this.readable) return undefined
    const usedMib = this.usedMib
    const reading = { totalMib: this.totalMib, usedMib, atMs: this.nowMs }
    if (this.#options.tellsProcesses === false) return reading
    const byOwner = new Map<string, number>()
    for (const { owner, heldMib, ownerless } of this.#allocations.values()) {
      if (owner !== SYSTEM && !ownerless) byOwner.set(owner, (byOwner.get(owner) ?? 0) + heldMib)
    }
    const processes = [...byOwner].map(([owner, ownMib]) => ({ pid: this.pidOf(owner), usedMib: ownMib }))
    return { ...reading, processes }
  }

  #take(owner: string, sizeMib: number): AllocationId | undefined {
    const id = ++this.#lastId
    if (!this.#space.take(id, sizeMib)) return undefined
    this.#allocations.set(id, { owner, heldMib: sizeMib, releasing: false, ownerless: false })
    this.#peakMib = Math.max(this.#peakMib, this.#space.usedMib)
    return id
  }

  #give(id: AllocationId, sizeMib: number): void {
    const allocation = this.#allocations.get(id)
    if (allocation === undefined) return
    this.#space.give(id, sizeMib)
    allocation.heldMib -= sizeMib
    if (allocation.heldMib <= 0) this.#allocations.delete(id)
  }

  #refused(askedMib: number): AllocationResult {
    return { ok: false, askedMib, freeMib: this.freeMib, largestHoleMib: this.largestHoleMib }
  }

  #settle(): void {
    if (this.#due.length === 0) return
    const nowMs = this.nowMs
    const due = this.#due.filter((one) => one.atMs <= nowMs)
    if (due.length === 0) return
    this.#due = this.#due.filter((one) => one.atMs > nowMs)
    for (const { id, sizeMib } of due) this.#give(id, sizeMib)
  }
}
