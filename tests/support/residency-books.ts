import type { Grant, LedgerEvent, LedgerSettings } from "../../src/machines/residency/residency-types.ts"
import type { MemoryReading } from "../../src/ports/readings.ts"
import type { FoundModel, LeaseHolder, Placement, Variant } from "../../src/ports/residency.ts"
import { SeenFootprints } from "./residency-footprints.ts"
import { SeenForeign } from "./residency-foreign.ts"
import { SeenTenants } from "./residency-seen-tenants.ts"
import { holdsOwn, isOnlyFound, newStay, type SeenStay } from "./residency-stay.ts"

/**
 * What a ledger was told and what it answered, kept by a second bookkeeper: who was granted what and has not given it
 * back, and what the readings that were delivered say of others. Shares no code with the ledger.
 */
export class ResidencyBooks {
  readonly settings: LedgerSettings
  readonly tenants = new SeenTenants()
  readonly #stays = new Map<string, SeenStay>()
  readonly #footprints = new SeenFootprints()
  readonly #foreign = new SeenForeign()
  /** Ended, and a reading was delivered since: a ledger may wait for a better one, but not for ever. */
  readonly #lingering = new Map<string, { readonly endedAtMs: number; readonly mib: number }>()
  #reading: MemoryReading | undefined

  constructor(settings: LedgerSettings) {
    this.settings = settings
  }

  get stays(): ReadonlyMap<string, SeenStay> {
    return this.#stays
  }

  stayIn(model: string): SeenStay | undefined {
    return this.#stays.get(model)
  }

  mayLinger(model: string): boolean {
    return this.#lingering.has(model)
  }

  /** What is to be committed for a variant. */
  believedMib(variant: Variant): number {
    return this.#footprints.believedMib(variant)
  }

  /** What is to be committed for a stay. */
  stayMib({ variant, found }: SeenStay): number {
    if (found?.isWhole === false) return found.mib
    return Math.max(this.believedMib(variant), found?.mib ?? 0)
  }

  /** Granted and not given back, by what holds of the stay. */
  committedMib(placement: Placement, counts: (stay: SeenStay) => boolean = () => true): number {
    let mib = 0
    for (const stay of this.#stays.values()) {
      if (stay.variant.placement === placement && counts(stay)) mib += this.stayMib(stay)
    }
    return mib
  }

  /** May be committed while others use no more than the reserve. */
  nominalMib(placement: Placement): number {
    const { totalMib, reserveMib, headroomMib, ramMib } = this.settings
    if (placement === "cpu") return ramMib
    return Math.min(totalMib, this.#reading?.totalMib ?? totalMib) - reserveMib - headroomMib
  }

  /** May be committed at most, with what others were seen to use; `lasting`: besides what is going. */
  budgetMib(placement: Placement, of: "all" | "lasting" = "all"): number {
    const leastMib = of === "all" ? this.#foreign.leastMib : this.#foreign.lastingMib
    return Math.max(0, this.nominalMib(placement) - (placement === "gpu" ? leastMib : 0))
  }

  /** Whether a ledger may believe that more is committed than fits. */
  mayBeOver(placement: Placement): boolean {
    const unseenMib = placement === "gpu" ? this.#foreign.mostMib + this.#lingeringMib : 0
    return this.committedMib(placement) + unseenMib > this.nominalMib(placement)
  }

  /** What others use, where nothing of ours was on the GPU at the last reading nor is now; else undefined. */
  aloneForeignMib(): number | undefined {
    const isAlone = this.#lingering.size === 0 && this.committedMib("gpu") === 0
    return isAlone && this.#reading !== undefined ? this.#foreign.exactMib : undefined
  }

  /** Nothing is waited for longer than this. */
  forgetLate(nowMs: number): void {
    const isLate = (endedAtMs: number | undefined): boolean =>
      endedAtMs !== undefined && endedAtMs + this.settings.verifyMs <= nowMs
    for (const stay of this.#stays.values()) if (isLate(stay.endedAtMs)) this.#linger(stay)
    for (const [model, { endedAtMs, mib }] of this.#lingering) {
      if (!isLate(endedAtMs)) continue
      this.#lingering.delete(model)
      // Whatever is left of it counts as used by others.
      this.#foreign.left(mib)
    }
  }

  /** All but readings. */
  hear(event: LedgerEvent): void {
    this.tenants.hear(event)
    switch (event.type) {
      case "tenant.unregistered": {
        const stay = this.#stays.get(event.model)
        if (stay !== undefined && (!stay.isTouched || isOnlyFound(stay))) this.#stays.delete(event.model)
        break
      }
      case "tenant.loaded":
        this.#loaded(event)
        break
      case "tenant.fell-back":
        this.#fellBack(event.model)
        break
      case "tenant.found":
        this.#found(event.model, event.found)
        break
      case "readings.gone":
        this.#reading = undefined
        this.#foreign.forget()
        break
      case "eviction.ended": {
        const stay = this.#stays.get(event.model)
        if (stay?.going?.incarnation === event.incarnation) this.#end(stay, event.nowMs)
        break
      }
      case "request.ended":
        for (const stay of [...this.#stays.values()]) this.#leaseEnded(stay, event.id, event.nowMs)
        break
      default:
    }
  }

  learn(footprintKey: string, samplesMib: readonly number[]): void {
    this.#footprints.learn(footprintKey, samplesMib)
  }

  /** A reading was delivered: what it shows that cannot be ours is used by others. */
  read(reading: MemoryReading): void {
    this.#reading = reading
    for (const stay of this.#stays.values()) if (stay.endedAtMs !== undefined) this.#linger(stay)
    const beyondMib = reading.usedMib - this.settings.reserveMib
    const touchedMib = this.committedMib("gpu", ({ isTouched }) => isTouched)
    const settledMib = this.committedMib("gpu", ({ isLoaded, going }) => isLoaded && going === undefined)
    this.#foreign.see({ beyondMib, touchedMib, settledMib, lingeringMib: this.#lingeringMib })
  }

  /** Gives the stays that begin with it. */
  grant(id: string, holder: LeaseHolder, grants: readonly Grant[]): readonly SeenStay[] {
    const begun: SeenStay[] = []
    for (const { model, variant } of grants) {
      let stay = this.#stays.get(model)
      if (stay === undefined) {
        stay = newStay(model, variant)
        this.#stays.set(model, stay)
        this.#lingering.delete(model)
        begun.push(stay)
      }
      stay.leases.set(id, holder.type)
      stay.isTouched ||= holder.type === "model"
      stay.isLoaded &&= holder.type !== "model"
    }
    return begun
  }

  evict(model: string, incarnation: number, isForced: boolean, nowMs: number): void {
    const stay = this.#stays.get(model)
    if (stay !== undefined) stay.going = { incarnation, sinceMs: nowMs, isForced }
  }

  stuck(model: string): void {
    const stay = this.#stays.get(model)
    if (stay !== undefined) stay.isStuck = true
  }

  /** A promise of which nothing was taken yet may be taken back; its leases are void. */
  drop(model: string): void {
    this.#stays.delete(model)
  }

  /** It counts as what it was loaded as. */
  #loaded({ model, footprintKey, partial }: Extract<LedgerEvent, { readonly type: "tenant.loaded" }>): void {
    const stay = this.#stays.get(model)
    if (stay === undefined || stay.going !== undefined || stay.isLoaded || !holdsOwn(stay)) return
    stay.isLoaded = true
    const { variant } = stay
    const isOther = footprintKey !== undefined && footprintKey !== variant.footprintKey
    if (isOther || partial === true) this.tenants.rest(model)
    const as = this.tenants.last(model)?.variants.find((one) => one.footprintKey === footprintKey)
    if (!isOther || as?.placement !== variant.placement) return
    stay.variant = as
    stay.found = undefined
  }

  #linger(stay: SeenStay): void {
    this.#lingering.set(stay.model, { endedAtMs: stay.endedAtMs ?? 0, mib: this.stayMib(stay) })
    this.#stays.delete(stay.model)
  }

  get #lingeringMib(): number {
    let mib = 0
    for (const lingering of this.#lingering.values()) mib += lingering.mib
    return mib
  }

  /** Nobody here loads it, and its server holds it or does not: what it has taken already is no stranger's. */
  #found(model: string, found: FoundModel | undefined): void {
    const spec = this.tenants.specOf(model)
    const known = this.#stays.get(model)
    if (spec === undefined || (known !== undefined && (known.going !== undefined || holdsOwn(known)))) return
    if (found === undefined) {
      if (known === undefined || !isOnlyFound(known)) return
      known.isLoaded = false
      known.isTouched = false
      known.found = undefined
      if (known.leases.size === 0) this.#stays.delete(model)
      return
    }
    const same = spec.variants.find(({ footprintKey }) => footprintKey === found.footprintKey)
    const variant = same ?? spec.variants[0]
    if (variant === undefined) return
    const stay = known ?? newStay(model, variant)
    const before = stay.found
    stay.variant = variant
    stay.isTouched = true
    stay.isLoaded = true
    stay.found = { mib: Math.ceil(found.mib), isWhole: same !== undefined && !found.partial }
    this.#stays.set(model, stay)
    this.#lingering.delete(model)
    if (variant.placement === "gpu" && before?.mib !== stay.found.mib) {
      this.#foreign.found(this.stayMib(stay))
    }
  }

  /** It counts where it is: by the best that is left of its ladder, and that is all that may be granted from now on. */
  #fellBack(model: string): void {
    const stay = this.#stays.get(model)
    const spec = this.tenants.last(model)
    if (stay === undefined || spec === undefined || stay.variant.placement === "cpu" || !holdsOwn(stay))
      return
    const left = spec.variants.filter(({ placement }) => placement === "cpu")
    const [best] = spec.variants
    if (left.length === 0 && best !== undefined) {
      left.push({ ...best, placement: "cpu", footprintKey: `${best.footprintKey}@cpu` })
    }
    this.tenants.narrow(model, left)
    stay.variant = left[0] ?? stay.variant
    stay.found = undefined
  }

  #leaseEnded(stay: SeenStay, id: string, nowMs: number): void {
    const type = stay.leases.get(id)
    if (type === undefined) return
    const isFound = isOnlyFound(stay)
    stay.leases.delete(id)
    if (isFound) return
    const isUnloaded = type === "model"
    if (stay.going === undefined ? stay.leases.size === 0 : isUnloaded) this.#end(stay, nowMs)
    // A turn still counts on it: it is promised, to be loaded again.
    else if (isUnloaded) {
      stay.isLoaded = false
      stay.found = undefined
    }
  }

  #end(stay: SeenStay, nowMs: number): void {
    if (stay.endedAtMs !== undefined) return
    const isSeen = stay.variant.placement === "gpu" && this.#reading !== undefined && stay.isTouched
    if (!isSeen) {
      this.#stays.delete(stay.model)
      return
    }
    stay.endedAtMs = nowMs
    stay.leases.clear()
  }
}
