import type { LedgerEvent, TenantSpec } from "../../src/machines/residency/residency-types.ts"
import type { Variant } from "../../src/ports/residency.ts"

/** Who is registered and what was said of them, by what a ledger was told. */
export class SeenTenants {
  readonly #specs = new Map<string, TenantSpec>()
  readonly #gone = new Set<string>()
  readonly #busy = new Set<string>()
  readonly #resting = new Set<string>()

  hear(event: LedgerEvent): void {
    switch (event.type) {
      case "tenant.registered":
        this.#specs.set(event.tenant.model, event.tenant)
        this.#gone.delete(event.tenant.model)
        this.#busy.delete(event.tenant.model)
        break
      case "tenant.unregistered":
        this.#gone.add(event.model)
        break
      case "tenant.busy":
        if (event.busy) this.#busy.add(event.model)
        else this.#busy.delete(event.model)
        break
      case "tenant.out-of-memory":
        this.rest(event.model)
        break
      default:
    }
  }

  /** Undefined where it is not registered. */
  specOf(model: string): TenantSpec | undefined {
    return this.#gone.has(model) ? undefined : this.last(model)
  }

  /** As it is or was registered. */
  last(model: string): TenantSpec | undefined {
    return this.#specs.get(model)
  }

  isBusy(model: string): boolean {
    return this.#busy.has(model)
  }

  isPinned(model: string): boolean {
    return this.last(model)?.pinned === true
  }

  /** Its best variant was too much once, so that a lower one may be granted where the best would fit. */
  isResting(model: string): boolean {
    return this.#resting.has(model)
  }

  rest(model: string): void {
    this.#resting.add(model)
  }

  /** No other variants may be granted from now on. */
  narrow(model: string, variants: readonly Variant[]): void {
    const spec = this.last(model)
    if (spec !== undefined) this.#specs.set(model, { ...spec, variants })
  }
}
