import * as Effect from "effect/Effect"
import type { Performed } from "../../../ports/guarded-tool.ts"
import { redactPayload, redactText } from "../audit/redact-payload.ts"
import type { GuardOptions } from "../guard-types.ts"
import type { Taint } from "../taint.ts"

/** Tools give less: this is for one that forgot to. */
const MAX_UNTRUSTED = 16_000

/**
 * What a tool gave, fit to leave: redacted once more, and with text of somebody else the conversation is tainted before
 * anybody can read it.
 */
export const sealPerformed = (
  { outcome, speech, observed, untrusted }: Performed,
  options: Pick<GuardOptions, "redactor"> & { readonly taint: Taint; readonly conversationId: string },
): Effect.Effect<Performed> =>
  Effect.gen(function* () {
    const { redactor, taint, conversationId } = options
    if (untrusted !== undefined) taint.add(conversationId)
    const safe = { outcome, speech, observed: yield* redactPayload(redactor, observed) }
    if (untrusted === undefined) return safe
    return { ...safe, untrusted: yield* redactText(redactor, untrusted, MAX_UNTRUSTED) }
  })
