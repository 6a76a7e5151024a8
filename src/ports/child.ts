import type { Effect } from "effect/Effect"
import type { Scope } from "effect/Scope"

/** Why a supervised child is no longer there. */
export type ExitReason =
  | { readonly type: "normal" }
  /** It was asked to end, or ended in good order because of what `detail` says. */
  | { readonly type: "shutdown"; readonly detail?: string }
  | { readonly type: "killed"; readonly signal: string }
  | { readonly type: "crashed"; readonly error: string }
  | { readonly type: "hung"; readonly detail: string }

export interface StartError {
  readonly _tag: "StartError"
  readonly child: string
  readonly message: string
  readonly cause?: unknown
  /** Not a failure: there is nothing to run here. The child stays down until it is asked for. */
  readonly ignore?: boolean
}

/** A running child. `stop` asks it to end and kills it after `ms`; it never fails and may be called twice. */
export interface Handle {
  readonly exited: Effect<ExitReason>
  stop(ms: number): Effect<void>
}

/** Something a supervisor can start, again and again. `start` succeeds when the child is *ready*, not merely spawned. */
export interface Child<H extends Handle = Handle> {
  readonly id: string
  start(): Effect<H, StartError, Scope>
}
