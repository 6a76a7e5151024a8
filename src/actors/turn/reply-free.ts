import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type { TurnKey } from "../../machines/conversation/conversation-types.ts"
import type { ChatMessage } from "../../ports/engine.ts"
import type { LanguageModel } from "../../ports/language-model.ts"
import type { ModelFailure } from "../../ports/models.ts"
import { estimateTokens } from "../../text/estimate-tokens.ts"
import { buildMessages } from "../../text/prompt.ts"
import { restartOfUnknown } from "../../text/restart-of-unknown.ts"
import type { AnswerServices, Tell } from "./answer-services.ts"
import { offeredTools } from "./offered-tools.ts"
import { replyPhrase } from "./reply-phrase.ts"
import { speakClause } from "./speak-clause.ts"
import { saySentence } from "./speak-result.ts"
import { makeCalls, noCalls } from "./tool-rounds.ts"
import { type WrittenRound, writeRound } from "./write-round.ts"

/** A cold model is waited for this long before the user is told "one moment". */
const PATIENCE = "1500 millis"
/** How often a model may call tools and be told what came of it, in one turn. */
const MAX_ROUNDS = 4

const tooLong = "That is too long for me. Please ask something shorter."
const noAnswer = "Sorry, I have no answer to that."
const noModel = "I can only answer fixed phrases right now, because there is no language model."
const nothingDone = "I haven't done anything: I can only act through my tools."

/**
 * Answers with the language model: clause by clause while it still writes. It may call tools, and goes on with what
 * they found; what is said about an action comes from its receipt, and what the model claims without one is not said.
 */
export const replyFree = (
  services: AnswerServices,
  key: TurnKey,
  tell: Tell,
  text: string,
): Effect.Effect<void, ModelFailure> =>
  Effect.gen(function* () {
    const choice = yield* services.languageModel
    const callsTools = choice.type === "chosen" && choice.model.callsTools === true
    const unknown = callsTools || services.containers.length === 0 ? undefined : restartOfUnknown(text)
    if (unknown !== undefined) {
      yield* replyPhrase(services, key, tell, unknown)
      return
    }
    services.ledger.revise(key).route = choice.type === "none" ? "none" : "llm"
    if (choice.type === "none") {
      yield* speakClause(services, key, tell, noModel)
      return
    }
    const { model } = choice
    services.history.stay()
    const prompt = buildMessages({
      systemPrompt: services.systemPrompt,
      history: services.history.messages(),
      userText: text,
      tools: offeredTools(services, model),
      contextTokens: model.contextTokens,
      replyTokens: services.maxReplyTokens,
    })
    if (prompt._tag === "PromptTooLong") {
      yield* speakClause(services, key, tell, tooLong)
      return
    }
    const room = model.contextTokens - services.maxReplyTokens - prompt.promptTokens
    yield* warm(services, key, tell, model).pipe(
      Effect.andThen(converse(services, key, tell, model, prompt.messages, room)),
      // Where other programs have the memory, that is the answer: the reason is a sentence that can be spoken.
      Effect.catchIf(
        ({ reason }) => reason === "refused",
        ({ message }) => Effect.asVoid(speakClause(services, key, tell, message)),
      ),
    )
  })

/** Rounds of writing and calling until the model has nothing left to call, or to say. `room`: tokens for results. */
const converse = (
  services: AnswerServices,
  key: TurnKey,
  tell: Tell,
  model: LanguageModel,
  prompt: readonly ChatMessage[],
  room: number,
): Effect.Effect<void, ModelFailure> =>
  Effect.gen(function* () {
    const calls = noCalls()
    let messages = prompt
    let left = room
    let answered = false
    let claimed = false
    for (let round = 1; ; round++) {
      const written = yield* writeRound(services, key, tell, model, messages)
      answered ||= written.spoke
      claimed ||= written.claimed
      if (written.calls.length === 0) {
        if (written.spoke) calls.unread = []
        break
      }
      const results = yield* makeCalls(services, key, tell, written.calls, calls)
      if (results === undefined || round === MAX_ROUNDS) break
      const added = [askedBy(written), ...results]
      left -= estimateTokens(JSON.stringify(added))
      if (left < 0) break
      messages = [...messages, ...added]
    }
    if (calls.reported) return
    for (const found of calls.unread) yield* saySentence(services, key, tell, found)
    if (calls.unread.length > 0) return
    if (claimed) yield* saySentence(services, key, tell, nothingDone)
    // A model may write nothing but thoughts, Markdown or a call that cannot be understood. "One moment" is no answer.
    else if (!answered) yield* saySentence(services, key, tell, noAnswer)
  })

const askedBy = ({ text, calls }: WrittenRound): ChatMessage => ({
  role: "assistant",
  content: text,
  toolCalls: calls.flatMap((asked) =>
    asked.type === "tool-call" ? [{ name: asked.call.name, arguments: asked.call.arguments }] : [],
  ),
})

/** Waits for the model to be loaded, and says so if that takes long. */
const warm = (
  services: AnswerServices,
  key: TurnKey,
  tell: Tell,
  model: LanguageModel,
): Effect.Effect<void, ModelFailure> =>
  Effect.gen(function* () {
    const loading = yield* Effect.forkChild(services.pending.track(model.preload))
    const quick = yield* Effect.timeoutOption(Effect.exit(Fiber.join(loading)), PATIENCE)
    if (quick._tag === "None") {
      yield* tell({ type: "turn.loading", ...key })
      yield* speakClause(services, key, tell, "One moment.")
    }
    yield* Fiber.join(loading)
  })
