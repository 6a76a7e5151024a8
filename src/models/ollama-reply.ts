import { isRecord } from "../platform/is-record.ts"
import { uuidV7 } from "../platform/uuid-v7.ts"
import type { ChatEvent } from "../ports/language-model.ts"
import { ThinkFilter } from "../text/think-filter.ts"

/** A token is seldom longer; a reply of more characters than this for each is no reply. */
const CHARACTERS_PER_TOKEN = 32
/** A server that heeds `num_predict` never comes near it; one that does not is stopped. */
const TOKENS_OVER = 16

/** Turns the parts of a streamed answer into events. The parts come from a server and are believed in nothing. */
export class OllamaReply {
  readonly #think = new ThinkFilter()
  readonly #mostTokens: number
  #tokens = 0
  #characters = 0

  constructor(replyTokens: number) {
    this.#mostTokens = replyTokens + TOKENS_OVER
  }

  /** The events of one part; the last of a reply is `end`. */
  push(part: unknown): readonly ChatEvent[] {
    const { message, done, done_reason } = fields(part)
    const { content, thinking, tool_calls } = fields(message)
    const events: ChatEvent[] = []
    const text = typeof content === "string" ? content : ""
    this.#tokens += text === "" && typeof thinking !== "string" ? 0 : 1
    this.#characters += text.length
    const spoken = this.#think.push(text)
    if (spoken !== "") events.push({ type: "text", text: spoken })
    if (Array.isArray(tool_calls)) events.push(...tool_calls.map(toolCallEvent))
    if (done === true) return [...events, ...this.#end(done_reason === "length" ? "length" : "end")]
    const tooLong =
      this.#tokens >= this.#mostTokens || this.#characters >= this.#mostTokens * CHARACTERS_PER_TOKEN
    return tooLong ? [...events, ...this.#end("length")] : events
  }

  #end(stopReason: "end" | "length"): readonly ChatEvent[] {
    const text = this.#think.flush()
    const end: ChatEvent = { type: "end", stopReason }
    return text === "" ? [end] : [{ type: "text", text }, end]
  }
}

/** Arguments come as an object, or from some models and templates as a string of JSON. */
const toolCallEvent = (value: unknown): ChatEvent => {
  const { function: asked } = fields(value)
  const { name, arguments: given } = fields(asked)
  if (typeof name !== "string" || name === "") {
    return { type: "tool-call-invalid", name: "", problem: "it names no tool" }
  }
  const parsed = typeof given === "string" ? parsedJson(given) : (given ?? {})
  if (!isRecord(parsed))
    return { type: "tool-call-invalid", name: name.slice(0, 64), problem: "its arguments are no JSON object" }
  return { type: "tool-call", call: { callId: uuidV7(), name, arguments: parsed } }
}

const parsedJson = (text: string): unknown => {
  try {
    return text.trim() === "" ? {} : JSON.parse(text)
  } catch {
    return undefined
  }
}

const fields = (value: unknown): Readonly<Record<string, unknown>> => (isRecord(value) ? value : {})
