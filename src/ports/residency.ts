import type { Effect } from "effect/Effect"
import type { Scope } from "effect/Scope"

export interface Lease {
  readonly id: string
  readonly model: string
  readonly footprintMib: number
}
export type Leases = readonly Lease[]

export interface Refused {
  readonly _tag: "Refused"
  /** A sentence that can be spoken. */
  readonly reason: string
}

/** Who may be in memory. The lease ends with the scope. Atomic: all of `models` or none. */
export interface Residency {
  acquire(models: readonly string[], turnId: string, deadlineMs: number): Effect<Leases, Refused, Scope>
}
