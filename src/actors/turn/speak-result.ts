import * as Effect from "effect/Effect"
import type { TurnKey } from "../../machines/conversation/conversation-types.ts"
import type { ToolReceipt, ToolResult } from "../../ports/tools.ts"
import type { AnswerServices, Tell } from "./answer-services.ts"
import { speakText } from "./speak-clause.ts"
import { summariseUntrusted } from "./summarise-untrusted.ts"

/** Speaks a sentence of ours, and shows it to whoever typed. */
export const saySentence = (
  services: AnswerServices,
  key: TurnKey,
  tell: Tell,
  text: string,
): Effect.Effect<void> =>
  Effect.suspend(() => {
    const turn = services.ledger.revise(key)
    if (turn.remembered !== undefined) turn.remembered = `${turn.remembered} ${text}`.trim()
    return sayUnremembered(services, key, tell, text)
  })

/** The same of what the conversation does not remember, where it remembers something else than what was heard. */
const sayUnremembered = (
  services: AnswerServices,
  key: TurnKey,
  tell: Tell,
  text: string,
): Effect.Effect<void> =>
  Effect.suspend(() => {
    const goesOn = services.ledger.revise(key).reply.length > 0
    services.typed(key.turnId)?.onText(goesOn ? ` ${text}` : text)
    return speakText(services, key, tell, text)
  })

/**
 * Says what became of a call, in the receipt's or the denial's own words. Text that somebody else wrote is told in a
 * summary; the conversation remembers only that there was one.
 */
export const speakResult = (
  services: AnswerServices,
  key: TurnKey,
  tell: Tell,
  result: ToolResult,
): Effect.Effect<void> =>
  Effect.gen(function* () {
    const untrusted = result.type === "receipt" ? result.untrusted : undefined
    if (result.type === "denied" || untrusted === undefined) {
      yield* saySentence(services, key, tell, result.speech)
      return
    }
    const container = containerOf(result)
    const what = /log/i.test(result.tool) ? "the logs" : "what was found"
    services.ledger.revise(key).remembered = `I summarised ${what}${container && ` of ${container}`}.`
    yield* sayUnremembered(services, key, tell, result.speech)
    yield* sayUnremembered(services, key, tell, yield* summariseUntrusted(services, untrusted, container))
  })

/** Its name, which is the table's own; empty where the receipt is about none. */
const containerOf = ({ observed: { container } }: ToolReceipt): string =>
  typeof container === "string" && /^[a-z0-9][a-z0-9_.-]{0,62}$/i.test(container) ? container : ""
