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
  /**
   * What making do with it instead of the first costs the user, as waiting time: degrading is weighed against evicting
   * by it. Where it is not given, a figure for the model's class stands in; the first variant loses nothing.
   */
  readonly lossMs?: number | undefined
}

/** A model that may ask for memory. */
export interface Tenant {
  readonly model: string
  readonly modelClass: ModelClass
  /** Never evicted, whatever else is asked for. */
  readonly pinned: boolean
  /**
   * Best first; the later ones are the rungs of its ladder of degradation. Never empty. Read when it is registered,
   * which is once for each life of the ledger.
   */
  readonly variants: readonly Variant[]
  /**
   * Unloads: after the inference under way, or with `force` at once, whatever it costs. Ends when the memory is verified
   * to be back or the process that held it is gone; never fails. The end of the model's own lease says the same.
   */
  evict(force: boolean): Effect<void>
}

/** What a server of others holds of a model that no lease covers. */
export interface FoundModel {
  /** Of the variant as which it is there; undefined where it is none of the tenant's. */
  readonly footprintKey: string | undefined
  /** What it takes there in the memory in which the tenant is counted, as its server says. */
  readonly mib: number
  /** Some of it is in another memory than that variant's. */
  readonly partial: boolean
}

/** How a model was loaded, where its engine knows more than that it was. */
export interface LoadedAs {
  /** What the engine itself says it takes in the memory that was granted. */
  readonly measuredMib?: number | undefined
  /** Of the variant as which it is there, where that need not be the granted one. */
  readonly footprintKey?: string | undefined
  /** Some of it is in another memory, so that its footprint cannot be measured. */
  readonly partial?: boolean | undefined
}

/** What a registered model tells as it lives. */
export interface Tenancy {
  /** An inference began or the last one ended; a busy model is not evicted. */
  busy(isBusy: boolean): void
  /** It is loaded; readings taken from now on hold its memory. */
  loaded(as?: LoadedAs): void
  /**
   * What its server was just seen to hold of it, undefined for nothing; to be told before a lease is asked for. Memory
   * that is taken already is not asked for again: it counts as the model's. What is there in another way than the model
   * would be loaded is evicted first, and the request waits for that.
   */
  found(found: FoundModel | undefined): void
  /** A load failed for want of memory: its variant rests for a while, and the next one down is granted instead. */
  outOfMemory(): void
  /**
   * It is on the processor although it was granted the GPU; to be told before `loaded`. What is committed for it moves
   * to its best variant there at once, and as long as it is registered the GPU is not granted to it again.
   */
  fellBack(): void
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

/** What `jett ps` shows of a model: one that holds memory, or one that a request waits for. */
export interface ResidencyRow {
  readonly model: string
  /** The `footprintKey` of its variant; undefined while it waits. */
  readonly variant: string | undefined
  readonly placement: Placement | undefined
  readonly state: "committed" | "loaded" | "releasing" | "waiting"
  /** What is committed for it. */
  readonly footprintMib: number
  readonly declaredMib: number
  readonly measuredMib: number | undefined
  readonly leases: number
  readonly inUse: boolean
  readonly pinned: boolean
}

export interface PoolSnapshot {
  /** What may be committed now. */
  readonly budgetMib: number
  readonly committedMib: number
  /** Used by others beyond the system's reserve; null where that cannot be seen. */
  readonly foreignMib: number | null
  readonly overcommitted: boolean
}

export interface ResidencySnapshot {
  readonly rows: readonly ResidencyRow[]
  readonly pools: Readonly<Record<Placement, PoolSnapshot>>
}
