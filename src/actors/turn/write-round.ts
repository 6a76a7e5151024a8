import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { TurnKey } from "../../machines/conversation/conversation-types.ts"
import type { ChatMessage } from "../../ports/engine.ts"
import type { ChatEvent, LanguageModel } from "../../ports/language-model.ts"
import type { ModelFailure } from "../../ports/models.ts"
import { claimsAction } from "../../text/claims.ts"
import { ClauseSource } from "../../text/clause-source.ts"
import { ClauseSplitter } from "../../text/clause-splitter.ts"
import type { AnswerServices, Tell } from "./answer-services.ts"
import { offeredTools } from "./offered-tools.ts"
import { speakClause } from "./speak-clause.ts"

/** Written clauses that may wait for the voice: the model is not held up by it, nor runs far ahead. */
const CLAUSES_AHEAD = 16
/** More than any language needs: a reply is cut off here if the model does not keep to its number of tokens. */
const CHARACTERS_PER_TOKEN = 8

/** A tool call as the model wrote it, understood or not. */
export type AskedCall = Extract<ChatEvent, { readonly type: "tool-call" | "tool-call-invalid" }>

/** What the model wrote in answer to one request. */
export interface WrittenRound {
  /** All of its text, what was not spoken included. */
  readonly text: string
  /** Asked for, not made. */
  readonly calls: readonly AskedCall[]
  /** Something of it was spoken. */
  readonly spoke: boolean
  /** It said that something was done or would be; that was left out. */
  readonly claimed: boolean
}

/** Asks the model once and speaks its text clause by clause while it still writes, but for what it claims to do. */
export const writeRound = (
  services: AnswerServices,
  key: TurnKey,
  tell: Tell,
  model: LanguageModel,
  messages: readonly ChatMessage[],
): Effect.Effect<WrittenRound, ModelFailure> =>
  Effect.suspend(() => {
    const { ledger, timebase, maxReplyTokens } = services
    const calls: AskedCall[] = []
    let text = ""
    let spoke = false
    let claimed = false
    const splitter = new ClauseSplitter()
    const source = new ClauseSource()
    const asked = timebase.monotonic()
    const moments: { firstToken?: number; firstClause?: number } = {}
    const note = (moment: "firstToken" | "firstClause"): void => {
      if (moments[moment] !== undefined) return
      moments[moment] = timebase.monotonic()
      if (ledger.revise(key).marks.llm?.firstClause === undefined)
        ledger.mark(key, { llm: { asked, ...moments } })
    }
    /** Shows what will be spoken to whoever typed, as it was written. */
    const honest = (clause: string): boolean => {
      const written = source.take(clause)
      const isClaim = claimsAction(clause, services.containers)
      claimed ||= isClaim
      if (isClaim) return false
      note("firstClause")
      services.typed(key.turnId)?.onText(written)
      return true
    }
    const clausesOf = (event: ChatEvent): readonly string[] => {
      if (event.type === "tool-call" || event.type === "tool-call-invalid") calls.push(event)
      if (event.type !== "text") return []
      note("firstToken")
      text += event.text
      source.push(event.text)
      return splitter.push(event.text).filter(honest)
    }
    const rest = Stream.suspend(() => Stream.fromIterable(splitter.flush().filter(honest)))
    const clauses = model.chat({ messages, tools: offeredTools(services, model) }).pipe(
      Stream.takeWhile(() => text.length < maxReplyTokens * CHARACTERS_PER_TOKEN),
      Stream.flatMap((event) => Stream.fromIterable(clausesOf(event))),
      Stream.concat(rest),
    )
    const speaking = Stream.runForEach(Stream.buffer(clauses, { capacity: CLAUSES_AHEAD }), (clause) =>
      Effect.map(speakClause(services, key, tell, clause), (isSpeech) => {
        spoke ||= isSpeech
      }),
    )
    return Effect.map(services.pending.track(speaking), () => ({ text, calls, spoke, claimed }))
  })
