import type { LlamaModel, Token } from "node-llama-cpp"
import type { ChatMessage } from "../ports/engine.ts"

/** What tokenises a prompt, and the tokens that end a reply. */
export interface ChatTokens {
  /** The whole prompt, up to and with the opening of the reply. */
  prompt(messages: readonly ChatMessage[]): Token[]
  /** One message with its markers: the beginning of every prompt that begins with it. */
  message(message: ChatMessage): Token[]
  endsReply(token: Token): boolean
}

/**
 * ChatML, the template of SmolLM2-Instruct and Qwen. Markers become their special tokens; what people and models said is
 * tokenised as plain text, so that no wording can forge a marker.
 */
export const chatTokens = (model: Pick<LlamaModel, "tokenize" | "isEogToken">): ChatTokens => {
  const marker = (text: string): Token[] => model.tokenize(text, true)
  const plain = (text: string): Token[] => (text === "" ? [] : model.tokenize(text, false))
  const [start, end, newline] = [marker("<|im_start|>"), marker("<|im_end|>"), plain("\n")]

  const message = ({ role, content }: ChatMessage): Token[] => [
    ...start,
    ...plain(`${role}\n`),
    ...plain(content),
    ...end,
    ...newline,
  ]
  return {
    message,
    prompt: (messages) => [...messages.flatMap(message), ...start, ...plain("assistant\n")],
    endsReply: (token) => model.isEogToken(token) || (end.length === 1 && token === end[0]),
  }
}
