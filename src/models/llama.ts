import { availableParallelism } from "node:os"
import { basename } from "node:path"
import type { LlamaContextSequence, Token } from "node-llama-cpp"
import type { ChatChunk, ChatInput, ChatOutput, Engine } from "../ports/engine.ts"
import type { EngineOptions } from "../ports/host-protocol.ts"
import { checkedChat } from "./chat-input.ts"
import { type ChatTokens, chatTokens } from "./chat-tokens.ts"
import { EngineError } from "./engine-error.ts"
import { TokenText } from "./token-text.ts"

const DEFAULT_CONTEXT_TOKENS = 2_048
/** Prompt tokens evaluated between two looks at the abort signal: about 0.2 s of one slow core. */
const PROMPT_SLICE = 32
/** The scores of one batch take 0.2 MB a token here: 100 MB at llama.cpp's default of 512, for no more speed. */
const BATCH_TOKENS = 64
const SAMPLING = { topK: 40, topP: 0.95 } as const
/** A model of this size falls into repeating itself; it is judged by its own last words only, never by the prompt. */
const REPEAT_PENALTY = 1.1
const REPEAT_WINDOW = 64

/** Begun here, so that a host imports the binding while it still hashes the files; a failure shows in `load`. */
const binding = import("node-llama-cpp")
binding.catch(() => undefined)

/**
 * A small chat model (ChatML) in GGUF, by llama.cpp on the CPU.
 *
 * Files: `<model>.gguf`. Parameters: `contextTokens` (default 2048), `warmPrompt` (the system prompt, evaluated at load;
 * requests that begin with it start from there).
 *
 * Gotcha: llama.cpp's threads wait for each other by spinning. With as many threads as cores, one other busy process
 * makes it crawl (measured on 2 cores: 40–60 tokens a second with one thread, 1–5 with two); so one core stays free.
 */
export const engine: Engine<ChatInput, ChatChunk, ChatOutput> = {
  async load(options) {
    const modelPath = ggufOf(options)
    const { getLlama, LlamaLogLevel } = await bindingOrFailure()
    const threads = Math.max(1, Math.min(options.threads, availableParallelism() - 1))
    const llama = await getLlama({
      gpu: false,
      build: "never",
      skipDownload: true,
      progressLogs: false,
      maxThreads: threads,
      logLevel: LlamaLogLevel.error,
      logger: (_level, message) => process.stderr.write(message),
    })
    const model = await llama.loadModel({ modelPath, gpuLayers: 0 })
    const contextTokens = Math.min(contextTokensOf(options), model.trainContextSize)
    const context = await model.createContext({
      contextSize: contextTokens,
      batchSize: BATCH_TOKENS,
      sequences: 1,
      threads,
    })
    const sequence = context.getSequence()
    const tokens = chatTokens(model)
    const textOf = (some: readonly Token[], before: readonly Token[]): string =>
      model.detokenize(some, false, before)

    const warmPrompt = options.parameters?.["warmPrompt"]
    if (typeof warmPrompt === "string") await warm(sequence, tokens, warmPrompt)

    return {
      infer: (input, emit, signal) =>
        reply({ sequence, tokens, textOf, contextTokens }, checkedChat(input), emit, signal),
      dispose: () => llama.dispose(),
    }
  },
}

interface Loaded {
  readonly sequence: LlamaContextSequence
  readonly tokens: ChatTokens
  readonly textOf: (some: readonly Token[], before: readonly Token[]) => string
  readonly contextTokens: number
}

const reply = async (
  { sequence, tokens, textOf, contextTokens }: Loaded,
  input: ChatInput,
  emit: (chunk: ChatChunk) => void,
  signal: AbortSignal,
): Promise<ChatOutput> => {
  const prompt = tokens.prompt(input.messages)
  const promptTokens = prompt.length
  if (promptTokens >= contextTokens) {
    throw new EngineError(
      "bad-input",
      `The prompt has ${promptTokens} tokens; the context holds ${contextTokens}, reply included. Send less history.`,
    )
  }
  const most = Math.min(input.maxTokens, contextTokens - promptTokens)
  const written: Token[] = []
  const done = (stopReason: ChatOutput["stopReason"]): ChatOutput => ({
    stopReason,
    promptTokens,
    outputTokens: written.length,
  })

  const rest = await evaluatePrompt(sequence, prompt, signal)
  if (signal.aborted) return done("cancelled")

  const text = new TokenText(textOf)
  const stream = sequence.evaluate(rest, {
    ...SAMPLING,
    temperature: input.temperature,
    ...(input.seed === undefined ? {} : { seed: input.seed }),
    repeatPenalty: { penalty: REPEAT_PENALTY, punishTokens: () => written.slice(-REPEAT_WINDOW) },
  })
  for await (const token of stream) {
    if (signal.aborted) return done("cancelled")
    if (tokens.endsReply(token)) return done("end")
    written.push(token)
    const piece = text.push(token)
    if (piece !== "") emit({ text: piece })
    if (written.length >= most) return done("length")
  }
  // The binding ends the stream at the model's own end-of-turn token.
  return done("end")
}

/**
 * Brings the sequence to where only the returned last tokens of the prompt are missing. What it shares with the
 * evaluated text so far is kept (the system prompt, the history), the rest of that is forgotten.
 */
const evaluatePrompt = async (
  sequence: LlamaContextSequence,
  prompt: readonly Token[],
  signal: AbortSignal,
): Promise<Token[]> => {
  const evaluated = sequence.contextTokens
  // At least one token is left to evaluate: the reply is sampled from what comes after it.
  const most = Math.min(evaluated.length, prompt.length - 1)
  let shared = 0
  while (shared < most && evaluated[shared] === prompt[shared]) shared += 1
  if (shared < evaluated.length) {
    await sequence.eraseContextTokenRanges([{ start: shared, end: evaluated.length }])
  }
  let at = sequence.nextTokenIndex
  while (prompt.length - at > PROMPT_SLICE && !signal.aborted) {
    await sequence.evaluateWithoutGeneratingNewTokens(prompt.slice(at, at + PROMPT_SLICE))
    at = sequence.nextTokenIndex
  }
  return prompt.slice(at)
}

/** Evaluates the system prompt and samples once, so that the first request finds everything allocated. */
const warm = async (
  sequence: LlamaContextSequence,
  tokens: ChatTokens,
  systemPrompt: string,
): Promise<void> => {
  const system = tokens.message({ role: "system", content: systemPrompt })
  for await (const _ of sequence.evaluate(system, SAMPLING)) break
}

const bindingOrFailure = async (): Promise<Awaited<typeof binding>> => {
  try {
    return await binding
  } catch (cause) {
    throw new EngineError(
      "load-failed",
      `The llama.cpp binding (node-llama-cpp) cannot be loaded on ${process.platform}-${process.arch}. Run "npm ci", or use Ollama.`,
      { cause },
    )
  }
}

const ggufOf = ({ files }: EngineOptions): string => {
  const found = Object.values(files).filter((file) => file.endsWith(".gguf"))
  const [file] = found
  if (file !== undefined && found.length === 1) return file
  throw new EngineError(
    "load-failed",
    `Expected one .gguf file, found ${found.length === 0 ? "none" : found.map((path) => basename(path)).join(", ")}`,
  )
}

const contextTokensOf = ({ parameters }: EngineOptions): number => {
  const wanted = parameters?.["contextTokens"] ?? DEFAULT_CONTEXT_TOKENS
  if (typeof wanted === "number" && Number.isSafeInteger(wanted) && wanted >= 64) return wanted
  throw new EngineError(
    "load-failed",
    `Parameter "contextTokens" must be a whole number of at least 64, found ${wanted}`,
  )
}
