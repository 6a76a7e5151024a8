import type * as Effect from "effect/Effect"
import type { Judgement, PerformOutput, StepOutput } from "../../../machines/guard/guarded-call-types.ts"
import type { AuditFailure } from "../../../ports/audit.ts"
import type { Decision, DenialCode, OperationOutcome } from "../../../ports/guard.ts"
import type { GuardedTool } from "../../../ports/guarded-tool.ts"
import type { ToolResult } from "../../../ports/tools.ts"
import type { AuditTrail } from "../audit/audit-trail.ts"
import type { GuardOptions } from "../guard-types.ts"
import type { SubjectQueue } from "../subject-queue.ts"
import type { Taint } from "../taint.ts"
import { actingSteps } from "./acting-steps.ts"
import type { CallBook } from "./call-book.ts"
import type { CallFeed } from "./call-feed.ts"
import { consentingSteps } from "./consenting-steps.ts"
import { decidingSteps } from "./deciding-steps.ts"

/** What all calls share. */
export interface GuardParts
  extends Pick<GuardOptions, "desk" | "pin" | "limit" | "redactor" | "clock" | "wallNow"> {
  readonly tools: ReadonlyMap<string, GuardedTool>
  readonly trail: AuditTrail
  /** What a call of this id came to, as far as is known by now. */
  readonly earlier: (callId: string) => ToolResult | undefined
  readonly taint: Taint
  readonly queue: SubjectQueue
  /** The one call that somebody is asked about, by its id. */
  readonly consent: { holder: string | undefined }
  /** Denials since the last row about one that are not written down, because they were too many. */
  readonly denials: { unwritten: number }
}

/** What the actors of the machine do for one call; see `guardedCallSetup`. A failure fails closed. */
export interface CallSteps {
  readonly validateCall: Effect.Effect<StepOutput>
  readonly admitCall: Effect.Effect<StepOutput>
  readonly takeTurn: Effect.Effect<void>
  readonly authoriseCall: Effect.Effect<Decision>
  readonly recordAsked: Effect.Effect<void, AuditFailure>
  identifyTarget(again: boolean): Effect.Effect<StepOutput>
  readonly askQuestion: Effect.Effect<StepOutput>
  recordVerdict(judgement: Judgement | undefined): Effect.Effect<void, AuditFailure>
  readonly recordIntent: Effect.Effect<void, AuditFailure>
  readonly performOperation: Effect.Effect<PerformOutput>
  readonly reconcileOperation: Effect.Effect<PerformOutput>
  recordOutcome(
    outcome: OperationOutcome | undefined,
    code: DenialCode | undefined,
  ): Effect.Effect<void, AuditFailure>
  recordDenial(code: DenialCode): Effect.Effect<void, AuditFailure>
}

export const makeCallSteps = (parts: GuardParts, book: CallBook, feed: CallFeed): CallSteps => ({
  ...decidingSteps(parts, book),
  ...consentingSteps(parts, book, feed),
  ...actingSteps(parts, book),
})
