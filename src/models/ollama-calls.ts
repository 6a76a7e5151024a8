import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { Ollama, type ChatRequest as OllamaRequest } from "ollama"
import type { ChatEvent, ChatRequest } from "../ports/language-model.ts"
import type { ModelFailure } from "../ports/models.ts"
import { deadlineFailure, isServerBusy, ollamaFailure } from "./ollama-failure.ts"
import { ollamaFetch } from "./ollama-fetch.ts"
import { OllamaReply } from "./ollama-reply.ts"
import type { OllamaServer } from "./ollama-server.ts"

export interface OllamaModelOptions {
  /** Its URL has passed `checkEndpoint`. */
  readonly server: OllamaServer
  readonly model: string
  /** As `/api/show` gives them. */
  readonly capabilities: readonly string[]
  readonly contextTokens: number
  readonly replyTokens: number
  readonly temperature?: number | undefined
  readonly seed?: number | undefined
  /** Keeps all of it off the GPU, whatever room there is. Default: Ollama puts there what fits. */
  readonly processorOnly?: boolean | undefined
  /** How long Ollama keeps the model after each call: "30m", "-1". */
  readonly keepAlive: string
  /** From the request of a loaded model to its first token, and from one token to the next. */
  readonly firstTokenMs: number
  /** The same where the model must be loaded first. */
  readonly coldLoadMs: number
  /** Before a request that a busy server refused is made again; doubled each time. Default 250: for 3.75 s in all. */
  readonly busyPauseMs?: number | undefined
}

/** The requests about one model. All of them carry the same options, so that none makes Ollama load it again. */
export interface OllamaCalls {
  /** Loads the model; a server with a full queue is asked again for a while. */
  readonly load: Effect.Effect<void, ModelFailure>
  /** Asks to unload. Ollama answers before the memory is free, and before `/api/ps` forgets the model. */
  readonly expire: Effect.Effect<void, ModelFailure>
  /** `firstMs`: the time to the first token. Interrupting the stream ends the request. */
  chat(request: ChatRequest, firstMs: number): Stream.Stream<ChatEvent, ModelFailure>
}

/** How often, and after which pauses, a request is made again. */
export const ollamaRetry = ({ busyPauseMs = 250 }: Pick<OllamaModelOptions, "busyPauseMs">) => ({
  times: 4,
  schedule: Schedule.exponential(busyPauseMs),
})

/** With `keep_alive: 0` the request that loads would be the one that unloads. */
const LEAST_KEEP_ALIVE = "30s"

/** One client for each call, since the library's `abort` ends all calls of a client. */
export const makeOllamaCalls = (options: OllamaModelOptions): OllamaCalls => {
  const { server, model, capabilities, coldLoadMs } = options
  // Built once, so that no two requests differ: another num_ctx would make Ollama load the model again.
  const common = Object.freeze({
    model,
    keep_alive: durationOf(keepsNothing(options.keepAlive) ? LEAST_KEEP_ALIVE : options.keepAlive),
    options: Object.freeze({
      num_ctx: options.contextTokens,
      num_predict: options.replyTokens,
      temperature: options.temperature ?? 0.6,
      ...(options.seed === undefined ? {} : { seed: options.seed }),
      ...(options.processorOnly === true ? { num_gpu: 0 } : {}),
    }),
    ...(capabilities.includes("thinking") ? { think: false } : {}),
  })

  /** A request without messages: it loads the model, or with `keep_alive: 0` unloads it. */
  const empty = (more: Partial<OllamaRequest>): Effect.Effect<void, ModelFailure> =>
    Effect.tryPromise({
      try: async (signal) => {
        await clientFor(server.url, signal).chat({ ...common, messages: [], ...more, stream: false })
      },
      catch: (error) => ollamaFailure({ url: server.url, model }, false, error),
    })

  return {
    load: within(
      Effect.retry(empty({}), { ...ollamaRetry(options), while: isServerBusy }),
      coldLoadMs,
      deadlineFailure(model, "not loaded", coldLoadMs),
    ),
    expire: empty({ keep_alive: 0 }),
    chat: (request, firstMs) =>
      Stream.callback<ChatEvent, ModelFailure>(
        (queue) =>
          Effect.gen(function* () {
            const parts = yield* openParts(
              options,
              { ...common, ...conversationOf(request, capabilities) },
              firstMs,
            )
            const reply = new OllamaReply(options.replyTokens)
            for (;;) {
              const events = reply.push(yield* parts)
              yield* Queue.offerAll(queue, events)
              if (events.at(-1)?.type === "end") break
            }
            yield* Queue.end(queue)
          }).pipe(
            Effect.scoped,
            Effect.catch((failure) => Queue.fail(queue, failure)),
          ),
        { bufferSize: 64, strategy: "suspend" },
      ),
  }
}

/** True for a `keep_alive` that has the model leave with the end of each reply. */
export const keepsNothing = (keepAlive: string): boolean => /^-?0+(ms|s|m|h)?$/.test(keepAlive)

const clientFor = (url: URL, signal: AbortSignal): Ollama =>
  new Ollama({ host: url.href, fetch: ollamaFetch(signal) })

/** The parts of a streamed answer, one each time the effect is run. Closing the scope ends the request. */
const openParts = (
  { server: { url }, model, firstTokenMs }: OllamaModelOptions,
  request: OllamaRequest,
  firstMs: number,
): Effect.Effect<Effect.Effect<unknown, ModelFailure>, ModelFailure, Scope.Scope> =>
  Effect.gen(function* () {
    const { signal } = yield* Effect.acquireRelease(
      Effect.sync(() => new AbortController()),
      (controller) => Effect.sync(() => controller.abort()),
    )
    let parts: AsyncIterator<unknown> | undefined
    let begun = false
    const next = Effect.tryPromise({
      try: async (): Promise<unknown> => {
        parts ??= (await clientFor(url, signal).chat({ ...request, stream: true }))[Symbol.asyncIterator]()
        const { value } = await parts.next()
        return value
      },
      catch: (error) => ollamaFailure({ url, model }, begun, error),
    })
    return Effect.suspend(() => {
      const ms = begun ? firstTokenMs : firstMs
      const late = deadlineFailure(model, begun ? "no further token" : "no first token", ms)
      return Effect.tap(within(next, ms, late), () =>
        Effect.sync(() => {
          begun = true
        }),
      )
    })
  })

const within = <A>(
  effect: Effect.Effect<A, ModelFailure>,
  ms: number,
  late: ModelFailure,
): Effect.Effect<A, ModelFailure> =>
  Effect.timeoutOrElse(effect, { duration: ms, orElse: () => Effect.fail(late) })

/** A model without the capability is never sent tools: Ollama would refuse the request. */
const conversationOf = (
  { messages, tools }: ChatRequest,
  capabilities: readonly string[],
): Pick<OllamaRequest, "messages" | "tools"> => ({
  messages: messages.map(({ role, content, toolCalls = [], toolName }) => ({
    role,
    content,
    ...(toolCalls.length > 0 ? { tool_calls: toolCalls.map((call) => ({ function: call })) } : {}),
    ...(toolName === undefined ? {} : { tool_name: toolName }),
  })),
  ...(tools.length > 0 && capabilities.includes("tools")
    ? {
        tools: tools.map(({ name, description, parameters }) => ({
          type: "function",
          function: { name, description, parameters },
        })),
      }
    : {}),
})

/** Ollama takes seconds as a number and durations with a unit as text; "-1" as text is an error. */
const durationOf = (keepAlive: string): string | number =>
  /^-?\d+$/.test(keepAlive) ? Number(keepAlive) : keepAlive
