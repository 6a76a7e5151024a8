import type { Effect } from "effect/Effect"
import type { GuardTimes } from "../../machines/guard/guarded-call-types.ts"
import type { AuditFailure, AuditLog } from "../../ports/audit.ts"
import type { Clock } from "../../ports/clock.ts"
import type { ConfirmationDesk, Consent, Pin, PinConsent } from "../../ports/consent.ts"
import type { GuardedTool } from "../../ports/guarded-tool.ts"
import type { Redactor } from "../../ports/redaction.ts"
import type { ToolReceipt, Tools } from "../../ports/tools.ts"
import type { Taint } from "./taint.ts"

/** The one door to every side effect, and where consent to what is behind it is given. */
export type Guard = Tools & Consent & PinConsent

/** How many operations a minute; time is handed in, monotonic ms. */
export interface OperationLimit {
  /** Counts an operation, if there is room for it. */
  admit(nowMs: number): boolean
  /** The same for denials, which have a budget of their own. */
  admitDenial(nowMs: number): boolean
  /** Operations and denials of an earlier life, by their age. */
  seed(agesMs: Iterable<number>, nowMs: number, deniedAgesMs?: Iterable<number>): void
}

export interface GuardOptions {
  /** Everything that may be run; names are unique. */
  readonly tools: readonly GuardedTool[]
  /** The log of this moment; fails while there is none. Asked anew for each row. */
  readonly audit: Effect<AuditLog, AuditFailure>
  readonly desk: ConfirmationDesk
  readonly pin: Pin
  readonly limit: OperationLimit
  readonly redactor: Pick<Redactor, "redact">
  /** Monotonic. */
  readonly clock: Clock
  /** Wall clock, ms. */
  readonly wallNow: () => number
  /** The tainted conversations, where they outlive this guard. */
  readonly taint?: Taint | undefined
  /** A change that was asked for by voice ended after its turn: nobody has heard of it. */
  readonly onUnheard?: ((receipt: ToolReceipt) => void) | undefined
  readonly times?: Partial<GuardTimes> | undefined
  /** False: what an earlier life left open is not looked into before the first call. */
  readonly looksBack?: boolean | undefined
}
