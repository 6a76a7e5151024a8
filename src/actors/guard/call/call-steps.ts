import type * as Effect from "effect/Effect"
import type { Judgement, PerformOutput, StepOutput } from "../../../machines/guard/guarded-call-types.ts"
import type { AuditFailure } from "../../../ports/audit.ts"
import type { Decision, DenialCode, OperationOutcome } from "../../../ports/guard.ts"

export const passed: StepOutput = { type: "passed" }
export const refused = (code: DenialCode): StepOutput => ({ type: "refused", code })

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
