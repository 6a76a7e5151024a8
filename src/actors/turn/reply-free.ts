import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import type { TurnKey } from "../../machines/conversation/conversation-types.ts"
import type { ChatMessage } from "../../ports/engine.ts"
import type { ChatEvent, LanguageModel } from "../../ports/language-model.ts"
import type { ModelFailure } from "../../ports/models.ts"
import type { ToolCall } from "../../ports/tools.ts"
import { ClauseSplitter } from "../../text/clause-splitter.ts"
import { buildMessages } from "../../text/prompt.ts"
import type { AnswerServices, Tell } from "./answer-services.ts"
import { callTool } from "./call-tool.ts"
import { speakClause } from "./speak-clause.ts"

/** A cold model is waited for this long before the user is told "one moment". */
const PATIENCE = "1500 millis"
/** Written clauses that may wait for the voice: the model is not held up by it, nor runs far ahead. */
const CLAUSES_AHEAD = 16
/** More than any language needs: a reply is cut off here if the model does not keep to its number of tokens. */
const CHARACTERS_PER_TOKEN = 8

const tooLong = "That is too long for me. Please ask something shorter."
const noAnswer = "Sorry, I have no answer to that."
const noModel = "I can only answer fixed phrases right now, because there is no language model."

/** Answers with the language model: clause by clause while it still writes. */
export const replyFree = (
  services: AnswerServices,
  key: TurnKey,
  tell: Tell,
  text: string,
): Effect.Effect<void, ModelFailure> =>
  Effect.gen(function* () {
    const choice = yield* services.languageModel
    services.ledger.revise(key).route = choice.type === "none" ? "none" : "llm"
    if (choice.type === "none") {
      yield* speakClause(services, key, tell, noModel)
      return
    }
    const { model } = choice
    const prompt = buildMessages({
      systemPrompt: services.systemPrompt,
      history: services.history.messages(),
      userText: text,
      tools: services.tools.definitions,
      contextTokens: model.contextTokens,
      replyTokens: services.maxReplyTokens,
    })
    if (prompt._tag === "PromptTooLong") {
      yield* speakClause(services, key, tell, tooLong)
      return
    }
    const calls: ToolCall[] = []
    let answered = false
    const speak = (clause: string) =>
      Effect.map(speakClause(services, key, tell, clause), (isSpeech) => {
        answered ||= isSpeech
      })
    const writing = write(services, key, model, prompt.messages, calls).pipe(
      Stream.buffer({ capacity: CLAUSES_AHEAD }),
      Stream.runForEach(speak),
    )
    yield* warm(services, key, tell, model).pipe(
      Effect.andThen(services.pending.track(writing)),
      // Where other programs have the memory, that is the answer: the reason is a sentence that can be spoken.
      Effect.catchIf(
        ({ reason }) => reason === "refused",
        ({ message }) => speak(message),
      ),
    )
    for (const call of calls) yield* callTool(services, key, tell, call, "model")
    // A model may write nothing but thoughts, Markdown or a call that cannot be understood. "One moment" is no answer.
    if (!answered && calls.length === 0) yield* speakClause(services, key, tell, noAnswer)
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

/** The model's text as clauses, each as soon as it is whole; tool calls are collected, not made. */
const write = (
  services: AnswerServices,
  key: TurnKey,
  model: LanguageModel,
  messages: readonly ChatMessage[],
  calls: ToolCall[],
): Stream.Stream<string, ModelFailure> =>
  Stream.suspend(() => {
    const { ledger, timebase, tools, maxReplyTokens } = services
    let charactersLeft = maxReplyTokens * CHARACTERS_PER_TOKEN
    const splitter = new ClauseSplitter()
    const asked = timebase.monotonic()
    const moments: { firstToken?: number; firstClause?: number } = {}
    const note = (moment: "firstToken" | "firstClause"): void => {
      if (moments[moment] !== undefined) return
      moments[moment] = timebase.monotonic()
      ledger.mark(key, { llm: { asked, ...moments } })
    }
    const clausesOf = (event: ChatEvent): readonly string[] => {
      if (event.type === "tool-call")
        calls.push({ ...event.call, turnId: key.turnId, revision: key.revision })
      if (event.type !== "text") return []
      note("firstToken")
      charactersLeft -= event.text.length
      services.typed(key.turnId)?.onText(event.text)
      return splitter.push(event.text)
    }
    const rest = Stream.suspend(() => Stream.fromIterable(splitter.flush()))
    return model.chat({ messages, tools: tools.definitions }).pipe(
      Stream.takeWhile(() => charactersLeft > 0),
      Stream.flatMap((event) => Stream.fromIterable(clausesOf(event))),
      Stream.concat(rest),
      Stream.tap(() => Effect.sync(() => note("firstClause"))),
    )
  })
