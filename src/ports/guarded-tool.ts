import type { Effect } from "effect/Effect"
import type { DenialCode, OperationOutcome, Tier } from "./guard.ts"
import type { ToolDefinition } from "./tools.ts"

/**
 * One call after its arguments were understood: only values of our own tables, canonical, so that equal calls are equal
 * texts. Made by `GuardedTool.prepare` alone.
 */
export interface Operation {
  readonly tool: string
  readonly tier: Tier
  /** Calls with the same subject run one after the other: the container's own name from the table, or the tool's. */
  readonly subject: string
  /** Container name from the table, where it is about one. */
  readonly container?: string | undefined
  /** Canonical arguments: keys sorted, no free text that was not checked. Goes into the audit log. */
  readonly arguments: Readonly<Record<string, string | number | boolean>>
  /** For the read-back, in words that can be spoken: "restart n eight n". */
  readonly spoken: string
}

export type Prepared =
  | { readonly type: "operation"; readonly operation: Operation }
  | { readonly type: "refused"; readonly code: DenialCode; readonly speech: string }

/** The very thing that an operation is about, as it was found: consent is bound to it. */
export interface Target {
  /** A container's full id; for other tools something as lasting. */
  readonly id: string
}

export interface Performed {
  readonly outcome: OperationOutcome
  readonly speech: string
  readonly observed: Readonly<Record<string, unknown>>
  readonly untrusted?: string | undefined
}

/** What a look afterwards showed. */
export interface Reconciled extends Performed {
  /** Nothing could be seen at all, as while an engine is away: the same look shows more later. */
  readonly unseen?: boolean | undefined
}

/** The target could not be found out; nothing was done. */
export interface TargetFailure {
  readonly code: DenialCode
  readonly speech: string
}

/** Something the guard may run. Nothing else calls these. */
export interface GuardedTool {
  readonly definition: ToolDefinition
  /** False: a fixed phrase or the command line may name it, a language model is not told of it. Left out: it is. */
  readonly offered?: boolean | undefined
  /** Total, and asks nobody: unknown arguments are refused, never corrected. */
  prepare(args: Readonly<Record<string, unknown>>): Prepared
  /** Only reads. Absent where there is nothing to be pinned. */
  identify?(operation: Operation): Effect<Target, TargetFailure>
  /** Never fails: what went wrong is an outcome. Has deadlines of its own; interrupting it leaves the outcome unknown. */
  perform(operation: Operation, target: Target | undefined): Effect<Performed>
  /** What became of an operation whose end was not seen; `sinceMs` is wall-clock. Absent where it cannot be told. */
  reconcile?(operation: Operation, target: Target | undefined, sinceMs: number): Effect<Reconciled>
}
