import type { ChatInput, ChatMessage } from "../ports/engine.ts"
import { EngineError } from "./engine-error.ts"

const ROLES: readonly string[] = ["system", "user", "assistant", "tool"] satisfies ChatMessage["role"][]

/** A chat request, which came from another process and is not yet what its type says. Throws `bad-input`. */
export const checkedChat = (input: unknown): ChatInput => {
  const { messages, maxTokens, temperature, seed } = fieldsOf(input)
  if (!Array.isArray(messages) || messages.length === 0 || !messages.every(isMessage)) {
    throw bad(`"messages" must be a list of at least one { role, content }`)
  }
  if (!isCount(maxTokens) || maxTokens < 1) {
    throw bad(`"maxTokens" must be a whole number of at least 1, found ${shown(maxTokens)}`)
  }
  if (typeof temperature !== "number" || !(temperature >= 0 && temperature <= 2)) {
    throw bad(`"temperature" must be a number from 0 to 2, found ${shown(temperature)}`)
  }
  if (seed !== undefined && !isCount(seed)) {
    throw bad(`"seed" must be a whole number of at least 0, found ${shown(seed)}`)
  }
  return { messages, maxTokens, temperature, seed }
}

const fieldsOf = (input: unknown): Partial<Record<keyof ChatInput, unknown>> =>
  typeof input === "object" && input !== null ? input : {}

const isMessage = (value: unknown): value is ChatMessage =>
  typeof value === "object" &&
  value !== null &&
  "role" in value &&
  typeof value.role === "string" &&
  ROLES.includes(value.role) &&
  "content" in value &&
  typeof value.content === "string"

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0

/** Numbers may be shown; anything else could be what somebody said. */
const shown = (value: unknown): string => (typeof value === "number" ? String(value) : typeof value)

const bad = (message: string): EngineError => new EngineError("bad-input", message)
