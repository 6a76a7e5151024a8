import { uuidV7 } from "../../platform/uuid-v7.ts"
import type { ChatMessage } from "../../ports/engine.ts"
import type { TurnRecord } from "../../ports/turn.ts"
import type { ContainerQuestion } from "../../text/phrases.ts"
import { stripWakePhrase } from "../../text/wake-phrase.ts"

/** More than any context holds; a conversation that lasts all day must not grow without end. */
const MAX_MESSAGES = 200

/**
 * What was said and heard in this conversation, for the language model. Memory only. A conversation ends some
 * minutes after its last turn, or when the user says so; what nobody heard is not part of it.
 */
export class ConversationHistory {
  readonly #idleMs: number
  readonly #now: () => number
  #messages: ChatMessage[] = []
  #lastTurnMs = 0
  #lastReply: string | undefined
  #id = uuidV7()
  #asks: ContainerQuestion | undefined
  #asked: ContainerQuestion | undefined

  constructor(options: { readonly idleMs: number; readonly now: () => number }) {
    this.#idleMs = options.idleMs
    this.#now = options.now
  }

  /** User and assistant in turn, oldest first. */
  messages(): readonly ChatMessage[] {
    this.#expire()
    return this.#messages
  }

  /** The last thing that was heard, for "repeat that". */
  lastReply(): string | undefined {
    this.#expire()
    return this.#lastReply
  }

  /** The turn in hand ends with this question. */
  asks(question: ContainerQuestion): void {
    this.#asks = question
  }

  /** What the turn before this one ended with. */
  asked(): ContainerQuestion | undefined {
    this.#expire()
    return this.#asked
  }

  add(turn: Pick<TurnRecord, "transcript" | "heard" | "remembered">): void {
    this.stay()
    this.#asked = this.#asks
    this.#asks = undefined
    const reply = turn.heard === "" ? "" : (turn.remembered ?? turn.heard)
    if (reply !== "") this.#lastReply = reply
    if (turn.transcript === "" || reply === "") return
    // As the model was asked: the same words again are a prompt that it has read already.
    const { text } = stripWakePhrase(turn.transcript)
    this.#messages.push({ role: "user", content: text }, { role: "assistant", content: reply })
    this.#messages = this.#messages.slice(-MAX_MESSAGES)
  }

  /** A turn takes part in it: it does not end before the turn does, and what tainted it stays with it. */
  stay(): void {
    this.#expire()
    this.#lastTurnMs = this.#now()
  }

  /** Of the conversation that goes on now, for whoever takes part in it; what tainted it does so as long as this stays. */
  conversationId(): string {
    this.stay()
    return this.#id
  }

  clear(): void {
    this.#id = uuidV7()
    this.#messages = []
    this.#lastReply = undefined
    this.#asks = undefined
    this.#asked = undefined
  }

  #expire(): void {
    if (this.#now() - this.#lastTurnMs <= this.#idleMs) return
    this.clear()
    // The new one begins now: whoever asks twice within a turn is told of the same conversation.
    this.#lastTurnMs = this.#now()
  }
}
