import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { ModelError } from "../../src/models/model-error.ts"
import type { ChatEvent, ChatRequest, LanguageModelChoice } from "../../src/ports/language-model.ts"
import type { ModelFailure } from "../../src/ports/models.ts"

type Reply = (request: ChatRequest) => Stream.Stream<ChatEvent, ModelFailure>

/** A language model that a test writes: `reply` is what comes of each question. */
export class FakeLanguageModel {
  readonly requests: ChatRequest[] = []
  /** Generations under way: neither ended nor cancelled. */
  running = 0
  reply: Reply
  preload: Effect.Effect<void, ModelFailure> = Effect.void

  constructor(reply: Reply = () => says("Very well.")) {
    this.reply = reply
  }

  get choice(): LanguageModelChoice {
    const chat = (request: ChatRequest) => {
      this.requests.push(request)
      this.running++
      return Stream.ensuring(
        this.reply(request),
        Effect.sync(() => {
          this.running--
        }),
      )
    }
    return {
      type: "chosen",
      model: {
        name: "fake",
        placement: "embedded",
        callsTools: true,
        contextTokens: 2048,
        preload: Effect.suspend(() => this.preload),
        chat,
      },
    }
  }

  /** What the model was told last, "role: content" a line, without the system prompt. */
  get lastPrompt(): string {
    const messages = this.requests.at(-1)?.messages ?? []
    return messages
      .filter(({ role }) => role !== "system")
      .map(({ role, content }) => `${role}: ${content}`)
      .join("\n")
  }
}

const text = (piece: string): ChatEvent => ({ type: "text", text: piece })
const end: ChatEvent = { type: "end", stopReason: "end" }

const pieces = (reply: string): readonly string[] => reply.match(/\s*\S+/g) ?? []

/** Writes `reply` word by word at once, and ends. */
export const says = (reply: string): Stream.Stream<ChatEvent> =>
  Stream.fromIterable([...pieces(reply).map(text), end])

/** Writes `reply` and then dies. */
export const saysAndDies = (reply: string): Stream.Stream<ChatEvent, ModelFailure> =>
  Stream.concat(
    Stream.fromIterable(pieces(reply).map(text)),
    Stream.fail(new ModelError({ model: "fake", reason: "died", message: "the model's process was killed" })),
  )

/** Writes `sentence` again and again, a word each `everyMs` of real time. */
export const neverEnds = (sentence: string, everyMs = 10): Stream.Stream<ChatEvent> =>
  Stream.forever(Stream.fromIterable(pieces(` ${sentence}`).map(text))).pipe(
    Stream.tap(() => Effect.sleep(everyMs)),
  )

export const isSilent: Stream.Stream<ChatEvent> = Stream.never
