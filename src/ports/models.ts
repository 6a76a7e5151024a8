import type { Effect } from "effect/Effect"
import type { EngineName } from "./host-protocol.ts"

/** A model could not do what was asked. `message` is one line a person can act on; it never holds a transcript. */
export interface ModelFailure {
  readonly _tag: "ModelFailure"
  readonly model: string
  readonly reason:
    | "missing"
    | "refused"
    | "load-failed"
    /** Its load failed because there was not memory enough where it is to be. */
    | "does-not-fit"
    | "died"
    | "hung"
    | "deadline"
    | "failed"
    | "unavailable"
  readonly message: string
  readonly cause?: unknown
}

/** Where a model is in its life. `busy`: an inference is under way. */
export type ModelState = "unloaded" | "admitting" | "loading" | "ready" | "busy" | "unloading" | "failed"

/** An installed model, its files verified to be present; the host checks the hashes when it loads them. */
export interface InstalledModel {
  readonly id: string
  readonly engine: EngineName
  readonly files: Readonly<Record<string, string>>
  readonly sha256: Readonly<Record<string, string>>
}

export interface ModelStore {
  installed(id: string): Effect<InstalledModel, ModelFailure>
}
