import { type EventObject, fromCallback } from "xstate"
import type { AnswerInput, ConsentInput } from "./conversation-types.ts"

const notProvided = (name: string): never => {
  throw new Error(`The actor "${name}" was not provided to the conversation machine.`)
}

/** Hears, understands and answers one revision of one turn; sends `TurnEvent`s. */
export const answerTurn = fromCallback<EventObject, AnswerInput>(() => notProvided("answerTurn"))

/** Transcribes the answer to a consent question and has the guard judge it; sends `consent.judged`. */
export const judgeConsent = fromCallback<EventObject, ConsentInput>(() => notProvided("judgeConsent"))
