import * as Effect from "effect/Effect"
import type { Aftermath, TurnKey } from "../../machines/conversation/conversation-types.ts"
import { uuidV7 } from "../../platform/uuid-v7.ts"
import { phraseReply } from "../../text/phrase-replies.ts"
import type { Intent, PhraseMatch } from "../../text/phrases.ts"
import type { AnswerServices, Tell } from "./answer-services.ts"
import { callTool } from "./call-tool.ts"
import { speakText } from "./speak-clause.ts"
import { speakResult } from "./speak-result.ts"

export interface PhraseReply {
  readonly aftermath: Aftermath
}

/** Answers a fixed phrase: without any model, in a sentence made of facts, and with what it asks to be done. */
export const replyPhrase = (
  services: AnswerServices,
  key: TurnKey,
  tell: Tell,
  match: PhraseMatch,
): Effect.Effect<PhraseReply> =>
  Effect.gen(function* () {
    services.ledger.revise(key).route = "phrase"
    if (match.question !== undefined) {
      const { question } = match
      services.typed(key.turnId)?.onText(question.text)
      yield* speakText(services, key, tell, question.text)
      yield* Effect.andThen(
        services.committed(key),
        Effect.sync(() => services.history.asks(question)),
      )
      return { aftermath: "none" }
    }
    if (match.tool !== undefined) {
      const { turnId, revision } = key
      const call = { callId: uuidV7(), turnId, revision, ...match.tool }
      yield* speakResult(services, key, tell, yield* callTool(services, key, tell, call, "phrase"))
      return { aftermath: "none" }
    }
    const reply = phraseReply(match.intent, services.phrases.facts(services.history.lastReply())) ?? ""
    services.typed(key.turnId)?.onText(reply)
    yield* speakText(services, key, tell, reply)
    yield* carryOut(services, key, match.intent)
    return { aftermath: match.intent === "mute" ? "mute" : "none" }
  })

const carryOut = (services: AnswerServices, key: TurnKey, intent: Intent): Effect.Effect<void> => {
  const effect = phraseEffects[intent]
  if (effect === undefined) return Effect.void
  return Effect.andThen(
    services.committed(key),
    Effect.sync(() => effect(services)),
  )
}

const phraseEffects: Partial<Record<Intent, (services: AnswerServices) => void>> = {
  louder: ({ phrases }) => phrases.changeVolume(1),
  softer: ({ phrases }) => phrases.changeVolume(-1),
  "new-conversation": ({ history }) => history.clear(),
}
