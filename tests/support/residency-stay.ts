import type { LeaseHolder, ResidencyRow, Variant } from "../../src/ports/residency.ts"

/** One stay of a model in memory, as whoever was granted it and loaded and released it saw it. */
export interface SeenStay {
  readonly model: string
  variant: Variant
  /** The holder's type by request. */
  readonly leases: Map<string, LeaseHolder["type"]>
  /** It was granted to the model itself, or found in memory: some of it may be taken. */
  isTouched: boolean
  /** What a server was seen to hold of it. */
  found: { readonly mib: number; readonly isWhole: boolean } | undefined
  isLoaded: boolean
  /** Since it was told to unload. */
  going: { readonly incarnation: number; readonly sinceMs: number; readonly isForced: boolean } | undefined
  isStuck: boolean
  /** Its unloading is said to be over, and no reading was delivered since. */
  endedAtMs: number | undefined
}

/** Loaded by its own actor, or being so. */
export const holdsOwn = ({ leases }: SeenStay): boolean => [...leases.values()].includes("model")

/** As it is to be shown. */
export const rowStateOf = ({ isLoaded, going, endedAtMs }: SeenStay): ResidencyRow["state"] => {
  if (going !== undefined || endedAtMs !== undefined) return "releasing"
  return isLoaded ? "loaded" : "committed"
}

/** Nobody here loaded it. */
export const isOnlyFound = (stay: SeenStay): boolean => rowStateOf(stay) === "loaded" && !holdsOwn(stay)

export const newStay = (model: string, variant: Variant): SeenStay => ({
  model,
  variant,
  leases: new Map(),
  isTouched: false,
  found: undefined,
  isLoaded: false,
  going: undefined,
  isStuck: false,
  endedAtMs: undefined,
})
