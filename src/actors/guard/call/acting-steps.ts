import * as Effect from "effect/Effect"
import type { PerformOutput } from "../../../machines/guard/guarded-call-types.ts"
import type { Performed } from "../../../ports/guarded-tool.ts"
import type { GuardParts } from "../guard-parts.ts"
import { type CallBook, entryOf } from "./call-book.ts"
import type { CallSteps } from "./call-steps.ts"
import { sealPerformed } from "./seal-performed.ts"

type Steps = Pick<CallSteps, "recordIntent" | "performOperation" | "reconcileOperation" | "recordOutcome">

const unknown: PerformOutput = { outcome: "unknown" }

/** From the intent to the outcome. Only this calls a tool's `perform`. */
export const actingSteps = (parts: GuardParts, book: CallBook): Steps => {
  const { call, context } = book
  const { trail, taint, redactor, wallNow } = parts
  const { callId } = call
  const tainted = () => taint.has(context.conversationId)
  const entry = (row: Parameters<typeof entryOf>[2]) => ({ ...entryOf(book, tainted(), row), callId })

  const sealed = (performed: Performed): Effect.Effect<PerformOutput> =>
    Effect.map(
      sealPerformed(performed, { redactor, taint, conversationId: context.conversationId }),
      (safe) => {
        book.performed = safe
        return { outcome: safe.outcome }
      },
    )

  return {
    recordIntent: Effect.suspend(() => {
      book.beganAtMs = wallNow()
      const payload = intentPayload(book)
      return Effect.asVoid(trail.begin(entry({ kind: "intent", decision: "allow", payload })))
    }),

    performOperation: Effect.suspend(() => {
      const { tool, operation, target } = book
      if (tool === undefined || operation === undefined) return Effect.succeed(unknown)
      return Effect.flatMap(tool.perform(operation, target), sealed)
    }),

    reconcileOperation: Effect.suspend(() => {
      const { tool, operation, target, beganAtMs } = book
      if (tool?.reconcile === undefined || operation === undefined) return Effect.succeed(unknown)
      return Effect.flatMap(tool.reconcile(operation, target, beganAtMs), sealed)
    }),

    recordOutcome: (outcome, code) =>
      Effect.suspend(() => {
        const { performed } = book
        const seen = performed?.outcome === outcome ? performed : undefined
        const payload = seen && { observed: seen.observed, speech: seen.speech }
        return Effect.map(
          trail.end(entry({ kind: "outcome" }), { outcome, reason: code, payload }),
          ({ hash }) => {
            book.receiptId = hash
          },
        )
      }),
  }
}

/** What is needed to find out later what became of it. */
const intentPayload = ({ operation, hash, call }: CallBook) => ({
  arguments: operation?.arguments,
  revision: call.revision,
  ...(hash !== undefined && { hash }),
})
