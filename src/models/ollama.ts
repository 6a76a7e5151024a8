import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { Ollama, type ChatRequest as OllamaRequest } from "ollama"
import type { ChatEvent, ChatRequest, LanguageModel } from "../ports/language-model.ts"
import type { ModelFailure } from "../ports/models.ts"
import { deadlineFailure, ollamaFailure } from "./ollama-failure.ts"
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
  /** How long Ollama keeps the model after each call: "30m", "-1". */
  readonly keepAlive: string
  /** From the request of a loaded model to its first token, and from one token to the next. */
  readonly firstTokenMs: number
  /** The same where the model must be loaded first. */
  readonly coldLoadMs: number
}

export interface OllamaModel extends LanguageModel {
  readonly placement: "ollama"
  /** Succeeds when `/api/ps` no longer lists the model; Ollama answers the request itself before that. */
  readonly unload: Effect.Effect<void, ModelFailure>
}

/** A model that was used so lately is still loaded: no need to ask. */
const FRESH_MS = 10_000
const UNLOAD_DEADLINE_MS = 10_000
const UNLOAD_POLL_MS = 100

/** A model in an Ollama server. One client for each call, since the library's `abort` ends all calls of a client. */
export const makeOllamaModel = (options: OllamaModelOptions): OllamaModel => {
  const { server, model, capabilities, firstTokenMs, coldLoadMs } = options
  // Built once, so that no two requests differ: another num_ctx would make Ollama load the model again.
  const common = Object.freeze({
    model,
    keep_alive: durationOf(options.keepAlive),
    options: Object.freeze({
      num_ctx: options.contextTokens,
      num_predict: options.replyTokens,
      temperature: options.temperature ?? 0.6,
      ...(options.seed === undefined ? {} : { seed: options.seed }),
    }),
    ...(capabilities.includes("thinking") ? { think: false } : {}),
  })
  let usedAtMs = Number.NEGATIVE_INFINITY
  const noteUse = Effect.map(Clock.currentTimeMillis, (now) => {
    usedAtMs = common.keep_alive === 0 ? Number.NEGATIVE_INFINITY : now
  })

  const isLoaded: Effect.Effect<boolean> = Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    if (now - usedAtMs < FRESH_MS) return true
    const resident = yield* Effect.orElseSucceed(server.resident(model), () => undefined)
    return resident !== undefined
  })

  /** A request without messages: it loads the model, or with `keep_alive: 0` unloads it. */
  const empty = (more: Partial<OllamaRequest>): Effect.Effect<void, ModelFailure> =>
    Effect.tryPromise({
      try: async (signal) => {
        await clientFor(server.url, signal).chat({ ...common, messages: [], ...more, stream: false })
      },
      catch: (error) => ollamaFailure({ url: server.url, model }, false, error),
    })

  const chat = (request: ChatRequest): Stream.Stream<ChatEvent, ModelFailure> =>
    Stream.callback<ChatEvent, ModelFailure>(
      (queue) =>
        Effect.gen(function* () {
          const firstMs = (yield* isLoaded) ? firstTokenMs : coldLoadMs
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
          yield* noteUse
          yield* Queue.end(queue)
        }).pipe(
          Effect.scoped,
          Effect.catch((failure) => Queue.fail(queue, failure)),
        ),
      { bufferSize: 64, strategy: "suspend" },
    )

  return {
    name: model,
    placement: "ollama",
    contextTokens: options.contextTokens,
    preload: Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis
      if (now - usedAtMs < FRESH_MS) return
      yield* within(empty({}), coldLoadMs, deadlineFailure(model, "not loaded", coldLoadMs))
      yield* noteUse
    }),
    chat,
    unload: Effect.gen(function* () {
      usedAtMs = Number.NEGATIVE_INFINITY
      const gone = Effect.map(server.resident(model), (resident) => resident === undefined)
      const unloading = Effect.andThen(
        empty({ keep_alive: 0 }),
        Effect.repeat(gone, { until: (isGone) => isGone, schedule: Schedule.spaced(UNLOAD_POLL_MS) }),
      )
      yield* within(unloading, UNLOAD_DEADLINE_MS, deadlineFailure(model, "not unloaded", UNLOAD_DEADLINE_MS))
    }),
  }
}

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
  messages: messages.map(({ role, content }) => ({ role, content })),
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
