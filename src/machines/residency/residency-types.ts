import type { MemoryReading } from "../../ports/readings.ts"
import type {
  FoundModel,
  LeaseHolder,
  LoadedAs,
  ModelClass,
  Placement,
  Tenant,
  Variant,
} from "../../ports/residency.ts"

/** MiB are whole numbers; times are milliseconds. */
export interface LedgerSettings {
  /** Of the GPU; a reading that says less wins. 0: there is none. */
  readonly totalMib: number
  /** What the driver and the desktop take. */
  readonly reserveMib: number
  /** Never committed: fragmentation, peaks. */
  readonly headroomMib: number
  /** For placements on the CPU. */
  readonly ramMib: number
  /** An idle model of a class is unloaded after this time; of a class that is left out, never. */
  readonly unloadAfterMs: Readonly<Partial<Record<ModelClass, number>>>
  /** What takes no more than this is cheap to keep, and never unloaded for being idle. */
  readonly keepMib: number
  /** A better variant must fit for so long before a degraded model is unloaded for its sake. */
  readonly upgradeMs: number
  /** What is in use is evicted by force after this while too much is committed. */
  readonly graceMs: number
  /** An eviction that takes longer is forced, and one that then takes as long again is reported. */
  readonly evictMs: number
  /** For readings to show that memory is back, once an unloading is said to be over. */
  readonly verifyMs: number
  /** How long a request waits for other programs to give memory back. */
  readonly foreignMs: number
  /** A variant that ran out of memory rests for this time. */
  readonly restMs: number
}

/** The budget of the first prototype's machine, an 8 GB card: 8192 − 660 − 512 = 7020 MiB. */
export const DEFAULT_LEDGER_SETTINGS: LedgerSettings = {
  totalMib: 8192,
  reserveMib: 660,
  headroomMib: 512,
  ramMib: 4096,
  unloadAfterMs: { stt: 900_000, llm: 900_000, tts: 900_000, background: 60_000 },
  keepMib: 128,
  upgradeMs: 30_000,
  graceMs: 5000,
  evictMs: 15_000,
  verifyMs: 2000,
  foreignMs: 2000,
  restMs: 60_000,
}

export type TenantSpec = Omit<Tenant, "evict">

/** One stay of a model in memory, from its admission until its memory is back. */
export interface Residence {
  /** Counts the stays of all models, so that a late word about an earlier one is known as such. */
  readonly incarnation: number
  readonly rung: number
  readonly variant: Variant
  /** What is committed. */
  readonly footprintMib: number
  /** What this stay was measured to take. */
  readonly visibleMib?: number | undefined
  readonly phase: "committed" | "loaded" | "releasing"
  /** Without one of the model's own, nothing is or is being loaded. */
  readonly leases: readonly { readonly requestId: string; readonly holder: LeaseHolder }[]
  /** Some of it may have been taken already. */
  readonly touched?: boolean | undefined
  /** What was used before its load, while nothing else that is ours moved. */
  readonly before?: { readonly usedMib: number; readonly moves: number } | undefined
  /** What the engine said. */
  readonly toldMib?: number | undefined
  readonly loadedAtMs?: number | undefined
  readonly betterSinceMs?: number | undefined
  /** It has to go although it is in use: then at the latest. */
  readonly doomedAtMs?: number | undefined
  readonly releasingSinceMs?: number | undefined
  readonly forced?: boolean | undefined
  readonly stuck?: boolean | undefined
  /** The unloading is said to be over; readings have to confirm it. */
  readonly endedAtMs?: number | undefined
}

export interface TenantRecord {
  readonly spec: TenantSpec
  /** No longer registered, but still in memory. */
  readonly gone: boolean
  readonly busy: boolean
  readonly usedAtMs: number
  /** Until when a variant rests, by its `footprintKey`. */
  readonly restingUntilMs: Readonly<Record<string, number>>
  /** How much room there was, in MiB, for a variant that was counted to fit and did not; by its `footprintKey`. */
  readonly tooTightMib?: Readonly<Record<string, number>> | undefined
  readonly residence?: Residence | undefined
}

export interface RequestRecord {
  readonly id: string
  readonly models: readonly string[]
  readonly holder: LeaseHolder
  readonly deadlineAtMs: number
  /** Its turn holds leases already: it goes first, and never waits for what is in use. */
  readonly holding: boolean
  readonly rank: number
  readonly foreignSinceMs?: number | undefined
}

export interface LedgerState {
  readonly settings: LedgerSettings
  /** In order of registration. */
  readonly tenants: readonly TenantRecord[]
  /** In order of service. */
  readonly queue: readonly RequestRecord[]
  /** Latest last, by `footprintKey`. */
  readonly footprints: Readonly<Record<string, readonly number[]>>
  readonly reading: MemoryReading | undefined
  /** Used by others beyond the reserve. */
  readonly foreignMib: number
  /** Of our memory, on the GPU: readings that were made before the last one say nothing. */
  readonly moves: number
  /** How many there had been at the last reading. */
  readonly movesRead: number
  readonly movedAtMs: number
  readonly incarnations: number
  readonly inConversation: boolean
  readonly conversationEndedAtMs: number
  readonly overcommittedSinceMs: Readonly<Partial<Record<Placement, number>>>
  /** When to look again whether memory is back. */
  readonly lookAtMs: number
}

/** `nowMs` is monotonic time. */
export type LedgerEvent = { readonly nowMs: number } & (
  | { readonly type: "tenant.registered"; readonly tenant: TenantSpec }
  | { readonly type: "tenant.unregistered"; readonly model: string }
  | { readonly type: "tenant.busy"; readonly model: string; readonly busy: boolean }
  | ({ readonly type: "tenant.loaded"; readonly model: string } & LoadedAs)
  | { readonly type: "tenant.out-of-memory"; readonly model: string }
  /** It was to be on the GPU, and is on the processor. */
  | { readonly type: "tenant.fell-back"; readonly model: string }
  /** What a server of others holds of it; undefined: nothing. */
  | { readonly type: "tenant.found"; readonly model: string; readonly found: FoundModel | undefined }
  | { readonly type: "eviction.ended"; readonly model: string; readonly incarnation: number }
  | {
      readonly type: "request.made"
      readonly id: string
      readonly models: readonly string[]
      readonly holder: LeaseHolder
      readonly deadlineMs: number
    }
  /** Given up, or its leases are. */
  | { readonly type: "request.ended"; readonly id: string }
  | { readonly type: "reading"; readonly reading: MemoryReading }
  /** There are no readings any more: the last one no longer holds, and the declared figures count. */
  | { readonly type: "readings.gone" }
  | { readonly type: "conversation"; readonly active: boolean }
  | { readonly type: "time.passed" }
)

export interface Grant {
  readonly model: string
  readonly variant: Variant
  readonly footprintMib: number
}

export type LedgerCommand =
  | { readonly type: "grant"; readonly id: string; readonly grants: readonly Grant[] }
  | { readonly type: "refuse"; readonly id: string; readonly reason: string }
  | {
      readonly type: "evict"
      readonly model: string
      readonly incarnation: number
      readonly force: boolean
    }
  /** A reading is wanted. */
  | { readonly type: "look" }
  | { readonly type: "footprint.learned"; readonly key: string; readonly samplesMib: readonly number[] }
  | { readonly type: "report"; readonly report: LedgerReport }

/** One line of the ledger's log, as data. */
export type LedgerReport = { readonly atMs: number } & (
  | { readonly type: "degraded"; readonly model: string; readonly from: string; readonly to: string }
  | { readonly type: "fell-back"; readonly model: string; readonly from: string; readonly to: string }
  | {
      readonly type: "evicting"
      readonly model: string
      readonly why: EvictionReason
      readonly force: boolean
    }
  | { readonly type: "eviction-stuck"; readonly model: string; readonly footprintMib: number }
  | { readonly type: "overcommitted"; readonly placement: Placement; readonly byMib: number }
  | { readonly type: "within-budget"; readonly placement: Placement; readonly afterMs: number }
  | { readonly type: "refused"; readonly models: readonly string[]; readonly reason: string }
)

export type EvictionReason =
  | "request"
  | "overcommitted"
  | "idle"
  | "better-variant"
  /** A server holds it in a way in which it would not be loaded. */
  | "found-otherwise"
  | "overdue"

export interface LedgerStep {
  readonly state: LedgerState
  readonly commands: readonly LedgerCommand[]
}
