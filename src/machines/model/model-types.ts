import type { ExitReason } from "../../ports/child.ts"
import type { ModelFailure } from "../../ports/models.ts"

/** Milliseconds. Every state that waits for somebody else has one. */
export interface ModelTimes {
  readonly admitMs: number
  /** From the wish to load until the engine is ready, the start of the host included. */
  readonly loadMs: number
  /** The longest silence of a busy model: neither an inference begun nor one ended. */
  readonly busyMs: number
  readonly unloadMs: number
  /** The longest that a failed model refuses before a request may try again; so long loaded, it has recovered. */
  readonly retryMs: number
}

/** What is known about a failure, as plain data. */
export type FailureNote = Pick<ModelFailure, "reason" | "message">

export interface ModelInput {
  readonly modelId: string
  readonly times: ModelTimes
  /** After its host died: load again at once, or with the next request. */
  readonly reload: "at-once" | "on-demand"
}

export interface ModelContext extends ModelInput {
  /** Inferences that run or wait in the host. */
  readonly inFlight: number
  /** Loads in a row that ended with the host's death. */
  readonly lostLoads: number
  /** Failures in a row after which it rested. */
  readonly failures: number
  /** Asked for while it was unloading. */
  readonly wantedAgain: boolean
  /** Asked to unload while it was busy. */
  readonly unloadAsked: boolean
  readonly failure: FailureNote | undefined
}

export type ModelEvent =
  | { readonly type: "model.wanted" }
  | { readonly type: "model.unwanted" }
  | { readonly type: "inference.started" }
  | { readonly type: "inference.ended" }

/** The host that was watched is gone. */
export interface HostGone {
  readonly reason: ExitReason
}

export interface ReleaseInput {
  /** The host does not answer: kill it instead of asking it to unload. */
  readonly force: boolean
}
