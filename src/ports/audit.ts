import type { Effect } from "effect/Effect"
import type { CallOrigin, Tier } from "./guard.ts"

/**
 * `opened`: the log was opened, by which version. `asked`: consent was asked for. `consent`: the verdict. `intent`: about
 * to be done. `outcome`: what became of it. `denied`: refused. `watch`: a live view opened or closed. `erased`: texts
 * were erased by retention. `clock`: the wall clock was moved, or the machine slept; the log writes these itself.
 */
export type AuditKind =
  | "opened"
  | "asked"
  | "consent"
  | "intent"
  | "outcome"
  | "denied"
  | "watch"
  | "erased"
  | "clock"

/** One row, before it has its number and hash. `reason` and `decision` are words of ours; free text is `payload`. */
export interface AuditEntry {
  readonly kind: AuditKind
  readonly callId?: string | undefined
  readonly turnId?: string | undefined
  readonly conversationId?: string | undefined
  readonly origin?: CallOrigin | undefined
  readonly tool?: string | undefined
  readonly container?: string | undefined
  readonly targetId?: string | undefined
  readonly tier?: Tier | undefined
  readonly tainted?: boolean | undefined
  /** `allow`, `confirm`, `deny`, `granted`, an outcome… */
  readonly decision?: string | undefined
  readonly reason?: string | undefined
  /** Arguments, observations: JSON, redacted before it comes here. Kept in a side table, and can be erased. */
  readonly payload?: Readonly<Record<string, unknown>> | undefined
}

export interface AuditRow extends AuditEntry {
  readonly seq: number
  /** Wall clock, ms. */
  readonly atMs: number
  /** Lower-case hex. */
  readonly hash: string
}

/** The row could not be written, or the log not opened. No row, no action. */
export interface AuditFailure {
  readonly _tag: "AuditError"
  readonly reason: "unavailable" | "full" | "locked" | "read-only" | "corrupt" | "failed"
  /** What was found, what was expected, the fix. */
  readonly message: string
}

/** An intent without an outcome: the process ended between the two. */
export interface OrphanIntent {
  readonly row: AuditRow
}

/** The append-only log. One writer for the life of the process; rows are on disk when `append` succeeds. */
export interface AuditLog {
  append(entry: AuditEntry): Effect<AuditRow, AuditFailure>
  /**
   * Rows of the last `ms`, oldest first: what the rate limit is seeded from. By the wall clock, and those of the last
   * `ms` by the machine's uptime too, so that moving the clock hides none; one may be dated in the future.
   */
  recent(ms: number): Effect<readonly AuditRow[], AuditFailure>
  readonly orphans: Effect<readonly OrphanIntent[], AuditFailure>
}
