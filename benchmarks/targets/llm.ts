import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { monotonicClock } from "../../src/audio/monotonic-clock.ts"
import { makeEmbeddedLanguageModel } from "../../src/models/embedded-language-model.ts"
import type { ChatMessage, ChatOutput } from "../../src/ports/engine.ts"
import type { LanguageModel } from "../../src/ports/language-model.ts"
import { ClauseSplitter } from "../../src/text/clause-splitter.ts"
import { buildMessages, SYSTEM_PROMPT } from "../../src/text/prompt.ts"
import { commands } from "../corpus/commands.ts"
import { wordsOf } from "../corpus/corpus.ts"
import { withModels } from "../models.ts"
import { type Measurement, measured } from "../result.ts"
import { present } from "../statistics.ts"
import { amount, type Target } from "../target.ts"

interface Reply {
  readonly firstTokenMs: number | undefined
  readonly firstClauseMs: number | undefined
  readonly tokensPerSecond: number | undefined
  readonly text: string
}

const WARM_UPS = 2
/** Each of these may take long: the whole prompt is evaluated anew. */
const FEW = 6

/**
 * The embedded language model in its own process. Three situations: the first question after the system prompt, a
 * conversation that grows, and one so long that its oldest turn is dropped before each question, which moves everything
 * after the system prompt and leaves the evaluated prefix of no use.
 */
export const llm: Target = async (options) => {
  const { config, progress, quick, signal } = options
  const count = amount(options, 3, 30)
  const questions = [...new Set(commands.filter(({ kind }) => kind === "question").map(questionOf))]
  return withModels(config, signal, async (models) => {
    let ended: ChatOutput | undefined
    const model = makeEmbeddedLanguageModel({
      name: config.llm.embeddedModel,
      contextTokens: config.llm.numCtx,
      replyTokens: config.llm.maxReplyTokens,
      actor: {
        preload: models.llm.preload,
        inferStream: (input) =>
          Stream.tap(models.llm.inferStream(input), (item) =>
            Effect.sync(() => {
              if (item.type === "done") ended = item.value
            }),
          ),
      },
    })
    const ask = async (messages: readonly ChatMessage[]): Promise<Reply> => {
      signal.throwIfAborted()
      return askOnce(model, messages, () => ended?.outputTokens ?? 0)
    }
    const loadFromMs = monotonicClock.now()
    await Effect.runPromise(model.preload)
    const loadMs = monotonicClock.now() - loadFromMs
    const prompt = (history: readonly ChatMessage[], question: string) => {
      const built = buildMessages({
        systemPrompt: SYSTEM_PROMPT,
        history,
        userText: question,
        tools: [],
        contextTokens: model.contextTokens,
        replyTokens: config.llm.maxReplyTokens,
      })
      if (built._tag === "PromptTooLong") throw built
      return built
    }
    const series = async (
      what: string,
      historyOf: (before: readonly ChatMessage[]) => readonly ChatMessage[],
      turns = count,
    ) => {
      const replies: Reply[] = []
      let history: readonly ChatMessage[] = []
      for (let i = 0; i < WARM_UPS + turns; i++) {
        progress.step(`llm: ${what}:`, i, WARM_UPS + turns)
        const question = questions[i % questions.length] ?? ""
        history = historyOf(history)
        const reply = await ask(prompt(history, question).messages)
        if (i >= WARM_UPS) replies.push(reply)
        history = [
          ...history,
          { role: "user", content: question },
          { role: "assistant", content: reply.text },
        ]
      }
      progress.step(`llm: ${what}:`, WARM_UPS + turns, WARM_UPS + turns)
      return rowsOf(what, replies)
    }
    const long = longHistory(questions, (history) => prompt(history, "Why?").droppedTurns > 0)
    return {
      measurements: [
        measured("load, process start and system prompt included", "ms", [loadMs]),
        ...(await series("first question", () => [])),
        ...(await series("conversation of up to 5 turns", (before) => (before.length < 10 ? before : []))),
        ...(quick
          ? []
          : await series(
              "oldest turns dropped",
              (before) => (before.length === 0 ? long : before),
              Math.min(count, FEW),
            )),
      ],
      bars: [],
      notes: [
        `model ${config.llm.embeddedModel}, ${config.llm.numCtx} tokens of context, at most ${config.llm.maxReplyTokens} of reply`,
        "tokens a second: of the reply, from its first token on",
      ],
    }
  })
}

const questionOf = (command: (typeof commands)[number]): string => {
  const words = wordsOf(command).replace(/^Hey Jarvis, /, "")
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}`
}

const longHistory = (
  questions: readonly string[],
  isFull: (history: readonly ChatMessage[]) => boolean,
): readonly ChatMessage[] => {
  const history: ChatMessage[] = []
  for (let i = 0; !isFull(history); i++) {
    history.push(
      { role: "user", content: questions[i % questions.length] ?? "" },
      { role: "assistant", content: `That is a good question, and number ${i + 1} of this conversation.` },
    )
  }
  return history
}

const askOnce = async (
  model: LanguageModel,
  messages: readonly ChatMessage[],
  outputTokens: () => number,
): Promise<Reply> => {
  const splitter = new ClauseSplitter()
  const askedMs = monotonicClock.now()
  let text = ""
  let firstTokenAtMs: number | undefined
  let firstClauseAtMs: number | undefined
  await Effect.runPromise(
    Stream.runForEach(model.chat({ messages, tools: [] }), (event) =>
      Effect.sync(() => {
        const now = monotonicClock.now()
        if (event.type === "text") {
          firstTokenAtMs ??= now
          text += event.text
          if (splitter.push(event.text).length > 0) firstClauseAtMs ??= now
        }
        if (event.type === "end" && text.trim() !== "") firstClauseAtMs ??= now
      }),
    ),
  )
  const writtenMs = firstTokenAtMs === undefined ? 0 : monotonicClock.now() - firstTokenAtMs
  return {
    firstTokenMs: firstTokenAtMs && firstTokenAtMs - askedMs,
    firstClauseMs: firstClauseAtMs && firstClauseAtMs - askedMs,
    tokensPerSecond: outputTokens() > 1 ? (1000 * (outputTokens() - 1)) / writtenMs : undefined,
    text,
  }
}

const rowsOf = (what: string, replies: readonly Reply[]): readonly Measurement[] => [
  measured(`${what}: first token`, "ms", present(replies.map(({ firstTokenMs }) => firstTokenMs))),
  measured(`${what}: first clause`, "ms", present(replies.map(({ firstClauseMs }) => firstClauseMs))),
  measured(`${what}: tokens a second`, "/s", present(replies.map(({ tokensPerSecond }) => tokensPerSecond))),
]
