import type { Effect } from "effect/Effect"
import type { Scope } from "effect/Scope"

export type Placement = "gpu" | "cpu"

/** In the order of their right to stay: the last is evicted first. */
export type ModelClass = "wake" | "vad" | "stt" | "llm" | "tts" | "background"

/** One way in which a model can be loaded, and what that costs. */
export interface Variant {
  /** Names what is measured, kept across runs: the model, its options and the placement. */
  readonly footprintKey: string
  readonly placement: Placement
  readonly declaredMib: number
  /** Expected time of a load. */
  readonly reloadMs: number
}

/** A model that may ask for memory. */
export interface Tenant {
  readonly model: string
  readonly modelClass: ModelClass
  /** Never evicted, whatever else is asked for. */
  readonly pinned: boolean
  /** Best first; the later ones are the rungs of its ladder of degradation. Never empty. */
  readonly variants: readonly Variant[]
  /** Unloads. Ends when the memory is verified to be back or the process that held it is gone; never fails. */
  readonly evict: Effect<void>
}

/** What a registered model tells as it lives. */
export interface Tenancy {
  /** An inference began or the last one ended; a busy model is not evicted. */
  busy(isBusy: boolean): void
  /** It is loaded; readings taken from now on hold its memory. */
  loaded(): void
}

export type LeaseHolder =
  /** The model itself, from before its load until its memory is back. */
  | { readonly type: "model" }
  /** A turn that needs it: in use, so not evicted, until the lease ends. */
  | { readonly type: "turn"; readonly turnId: string }

export interface Lease {
  readonly id: string
  readonly model: string
  /** The variant that was granted, which is to be loaded. */
  readonly variant: Variant
  /** What was committed for it: the larger of declared and measured, until the measurement is trusted. */
  readonly footprintMib: number
}
export type Leases = readonly Lease[]

export interface Refused {
  readonly _tag: "Refused"
  /** A sentence that can be spoken. */
  readonly reason: string
}

/** Who may be in memory. A model's commitment counts once, however many hold a lease on it. */
export interface Residency {
  /** Makes a model known until the scope ends. */
  register(tenant: Tenant): Effect<Tenancy, never, Scope>
  /** Leases on all of `models` or on none, evicting others if need be. They end with the scope. */
  acquire(models: readonly string[], holder: LeaseHolder, deadlineMs: number): Effect<Leases, Refused, Scope>
}
