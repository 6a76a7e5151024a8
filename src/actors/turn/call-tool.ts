import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { TurnKey } from "../../machines/conversation/conversation-types.ts"
import type { CallOrigin } from "../../ports/guard.ts"
import type { CallContext, ToolCall, ToolEvent, ToolResult } from "../../ports/tools.ts"
import { noResult } from "../guard/denial-speech.ts"
import type { AnswerServices, Tell } from "./answer-services.ts"
import { speakClause } from "./speak-clause.ts"

/** There is a voice to ask for, and nobody may be in the room: who types is told where it can be done. */
const notInWriting =
  "I can't ask for your confirmation in writing. Say it to me aloud, or use the command jett tools call."

/**
 * Makes one tool call, once the turn is committed: a side effect of a turn that is still speculation must not happen.
 * A question of the guard's is asked aloud, and the conversation told to listen for the answer; of a turn that ends
 * before, the question is withdrawn. A typed turn cannot be asked aloud: its question is withdrawn at once.
 */
export const callTool = (
  services: AnswerServices,
  key: TurnKey,
  tell: Tell,
  call: ToolCall,
  origin: CallOrigin,
): Effect.Effect<ToolResult> =>
  Effect.gen(function* () {
    yield* services.committed(key)
    yield* tell({ type: "turn.acting", ...key })
    const isTyped = services.typed(key.turnId) !== undefined
    let result: ToolResult = noResult
    let asked: string | undefined
    let isUnaskable = false
    const hear = (event: ToolEvent): Effect.Effect<void> => {
      asked = undefined
      if (event.type !== "consent-needed") {
        result = event
        return Effect.void
      }
      asked = event.consentId
      isUnaskable = isTyped
      return isTyped ? services.withdrawConsent(event.consentId) : askAloud(services, key, tell, event)
    }
    yield* services.tools.call(call, contextOf(services, key, origin)).pipe(
      Stream.runForEach(hear),
      Effect.onInterrupt(() => (asked === undefined ? Effect.void : services.withdrawConsent(asked))),
    )
    if (hasChanged(result)) yield* tell({ type: "turn.acted", ...key })
    return isUnaskable && result.type === "denied" ? { ...result, speech: notInWriting } : result
  })

const hasChanged = (result: ToolResult): boolean => result.type === "receipt" && result.tier !== "read"

const askAloud = (
  services: AnswerServices,
  key: TurnKey,
  tell: Tell,
  { consentId, question, expiresInMs }: Extract<ToolEvent, { readonly type: "consent-needed" }>,
): Effect.Effect<void> => {
  const asked: Tell = () => Effect.void
  return speakClause(services, key, asked, question).pipe(
    // The language model reads what is remembered, and never sees the word that was asked for.
    Effect.tap(() => Effect.sync(() => services.output.ask(key, consentId))),
    Effect.flatMap(() => tell({ type: "turn.consent", ...key, consentId, expiresInMs })),
  )
}

/** Below this, what was heard may be something else: it changes nothing then. */
const CONFIDENT = 0.6

const contextOf = (services: AnswerServices, key: TurnKey, origin: CallOrigin): CallContext => ({
  origin,
  conversationId: services.history.conversationId(),
  confident: isConfident(services, key),
})

/** Typed words are what they are. Of spoken ones that a later revision has forgotten nobody knows. */
const isConfident = ({ typed, ledger }: AnswerServices, key: TurnKey): boolean =>
  typed(key.turnId) !== undefined || (ledger.revise(key).confidence ?? 0) >= CONFIDENT
