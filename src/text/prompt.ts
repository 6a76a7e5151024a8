import * as Data from "effect/Data"
import type { ChatMessage } from "../ports/engine.ts"
import type { ToolDefinition } from "../ports/tools.ts"
import { estimateJsonTokens, estimateTokens } from "./estimate-tokens.ts"

/**
 * What every conversation begins with, byte for byte: the engines keep the evaluated prefix between turns, and one
 * changed byte here costs a full evaluation. Measured on the 135M model: longer instructions make its answers worse.
 */
export const SYSTEM_PROMPT = "You are Jett, a brief, helpful voice assistant. Answer in one short sentence."

/** Markers and role around each message, in tokens; ChatML takes 5, and 3 more open the reply. */
const MESSAGE_OVERHEAD = 8
/** Around each tool, in the templates that were looked at (Qwen 3, Llama 3.1). */
const TOOL_OVERHEAD = 16

/** Of the room, kept for the newest words, so that their length does not decide what is dropped. */
const QUESTION_SHARE = 1 / 4
/** Of the room for turns, what is left of them after some were dropped. */
const KEPT_SHARE = 1 / 3

export interface PromptInput {
  readonly systemPrompt: string
  /** User and assistant in turn, oldest first. A turn is a user's message and all that follows until the next. */
  readonly history: readonly ChatMessage[]
  readonly userText: string
  /** What changes with every turn (the time, say): put before the user's words, so that all before it stays as it was. */
  readonly situation?: string | undefined
  readonly tools: readonly ToolDefinition[]
  /** Tokens of prompt and reply together. */
  readonly contextTokens: number
  /** Kept free for the reply. */
  readonly replyTokens: number
  /** Default: `estimateTokens`. */
  readonly countTokens?: ((text: string) => number) | undefined
}

export interface Prompt {
  readonly _tag: "Prompt"
  readonly messages: readonly ChatMessage[]
  /** By `countTokens`, tools and overheads included. */
  readonly promptTokens: number
  readonly droppedTurns: number
}

/** The system prompt, the tools and the newest words alone do not fit. */
export class PromptTooLong extends Data.TaggedError("PromptTooLong")<{
  readonly promptTokens: number
  readonly roomTokens: number
}> {
  override get message(): string {
    return `The question takes about ${this.promptTokens} tokens with its instructions; there is room for ${this.roomTokens}. Ask something shorter, or raise llm.num_ctx.`
  }
}

/**
 * The messages of one request, kept inside the context by dropping whole oldest turns, never half of one. The system
 * prompt and the newest words are always there.
 */
export const buildMessages = (input: PromptInput): Prompt | PromptTooLong => {
  const { systemPrompt, history, userText, situation, tools, contextTokens, replyTokens } = input
  const count = input.countTokens ?? estimateTokens
  const countJson = input.countTokens ?? estimateJsonTokens
  const cost = ({ content }: ChatMessage): number => count(content) + MESSAGE_OVERHEAD

  const system: ChatMessage = { role: "system", content: systemPrompt }
  const newest: ChatMessage = {
    role: "user",
    content: situation === undefined ? userText : `(${situation})\n${userText}`,
  }
  const toolTokens = sum(tools.map((tool) => countJson(JSON.stringify(tool)) + TOOL_OVERHEAD))
  const fixedTokens = cost(system) + toolTokens + cost(newest)
  const roomTokens = contextTokens - replyTokens
  if (fixedTokens > roomTokens) return new PromptTooLong({ promptTokens: fixedTokens, roomTokens })

  const turns = turnsOf(history)
  const turnTokens = turns.map((turn) => sum(turn.map(cost)))
  const reserved = fixedTokens - cost(newest) + Math.max(cost(newest), Math.ceil(roomTokens * QUESTION_SHARE))
  const droppedTurns = turns.length - keptTurns(turnTokens, roomTokens - reserved)
  const promptTokens = fixedTokens + sum(turnTokens.slice(droppedTurns))
  return {
    _tag: "Prompt",
    messages: [system, ...turns.slice(droppedTurns).flat(), newest],
    promptTokens,
    droppedTurns,
  }
}

/**
 * How many of the newest turns are kept. The conversation is gone through as it went: whenever the turns outgrow the
 * room, all but the newest few go at once. So the prompt begins as the last one did for many turns, which the engines
 * have evaluated already, where dropping one turn at a time would have them read everything anew with every question.
 */
const keptTurns = (turnTokens: readonly number[], roomTokens: number): number => {
  let first = 0
  let tokens = 0
  for (const [i, added] of turnTokens.entries()) {
    tokens += added
    if (tokens <= roomTokens) continue
    first = i + 1
    tokens = 0
    while (first > 0 && tokens + (turnTokens[first - 1] ?? 0) <= roomTokens * KEPT_SHARE) {
      first -= 1
      tokens += turnTokens[first] ?? 0
    }
  }
  return turnTokens.length - first
}

const turnsOf = (history: readonly ChatMessage[]): readonly (readonly ChatMessage[])[] => {
  const turns: ChatMessage[][] = []
  for (const message of history) {
    const current = turns.at(-1)
    if (message.role === "user" || current === undefined) turns.push([message])
    else current.push(message)
  }
  return turns
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0)
