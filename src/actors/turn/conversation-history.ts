import type { ChatMessage } from "../../ports/engine.ts"
import type { TurnRecord } from "../../ports/turn.ts"
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

  add(turn: Pick<TurnRecord, "transcript" | "heard">): void {
    this.#expire()
    this.#lastTurnMs = this.#now()
    if (turn.heard !== "") this.#lastReply = turn.heard
    if (turn.transcript === "" || turn.heard === "") return
    // As the model was asked: the same words again are a prompt that it has read already.
    const { text } = stripWakePhrase(turn.transcript)
    this.#messages.push({ role: "user", content: text }, { role: "assistant", content: turn.heard })
    this.#messages = this.#messages.slice(-MAX_MESSAGES)
  }

  clear(): void {
    this.#messages = []
    this.#lastReply = undefined
  }

  #expire(): void {
    if (this.#now() - this.#lastTurnMs > this.#idleMs) this.clear()
  }
}
