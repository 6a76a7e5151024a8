import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { TurnKey } from "../../machines/conversation/conversation-types.ts"
import type { CallOrigin } from "../../ports/guard.ts"
import type { CallContext, ToolCall } from "../../ports/tools.ts"
import type { AnswerServices, Tell } from "./answer-services.ts"
import { speakClause } from "./speak-clause.ts"

/**
 * Makes one tool call, once the turn is committed: a side effect of a turn that is still speculation must not happen.
 * What is spoken about it is the receipt's or the denial's own sentence, never the model's.
 */
export const callTool = (
  services: AnswerServices,
  key: TurnKey,
  tell: Tell,
  call: ToolCall,
  origin: CallOrigin,
): Effect.Effect<void> =>
  Effect.gen(function* () {
    yield* services.committed(key)
    yield* services.tools.call(call, contextOf(services, key, origin)).pipe(
      Stream.runForEach((event) => {
        if (event.type !== "consent-needed")
          return Effect.asVoid(speakClause(services, key, tell, event.speech))
        const { consentId, expiresInMs } = event
        const asked: Tell = () => Effect.void
        return speakClause(services, key, asked, event.question).pipe(
          // The question is all there is to play for now: its end opens the ear for the answer.
          Effect.tap(() => Effect.sync(() => services.output.complete(key))),
          Effect.flatMap(() => tell({ type: "turn.consent", ...key, consentId, expiresInMs })),
        )
      }),
    )
  })

/** Below this, what was heard may be something else: it changes nothing then. */
const CONFIDENT = 0.6

/** Typed words are what they are. */
const contextOf = (services: AnswerServices, key: TurnKey, origin: CallOrigin): CallContext => ({
  origin,
  conversationId: services.history.conversationId(),
  confident: (services.ledger.revise(key).confidence ?? 1) >= CONFIDENT,
})
