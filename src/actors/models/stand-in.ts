import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import {
  isWorthWaiting,
  type NoMemory,
  nextStandIn,
  noMemoryOf,
  nothingKnown,
  type StandInEvent,
  standInNotice,
} from "../../machines/model/stand-in.ts"
import { ModelError } from "../../models/model-error.ts"
import type {
  ChatEvent,
  ChatRequest,
  LanguageModel,
  LanguageModelChoice,
} from "../../ports/language-model.ts"
import type { ModelFailure } from "../../ports/models.ts"
import { buildMessages } from "../../text/prompt.ts"

/** How long a turn asks for the configured model while a cause is known that keeps it out of memory. */
const BRIEFLY = "250 millis"

export interface StandIn {
  /** The choice, with a model that hands over to the stand-in and back. Keeps what is known between choices. */
  over(choice: LanguageModelChoice): LanguageModelChoice
  /** Whether another model answers while this failure keeps the configured one away. */
  covers(failure: Pick<ModelFailure, "reason" | "message">): boolean
  /** The ledger's name of the model that answers now, if one does. */
  readonly answers: string | undefined
}

/**
 * The "smaller model" rung of the ladder: while the configured model gets no memory, the embedded one answers. Every
 * turn asks for the configured one first, so the way back up needs nobody. A failure that is left has a reason that can
 * be spoken.
 */
export const makeStandIn = (options: {
  /** Kept free for a reply, in tokens. */
  readonly replyTokens: number
  readonly onNotice: (message: string) => void
}): StandIn => {
  let state = nothingKnown
  let chosen: Extract<LanguageModelChoice, { type: "chosen" }> | undefined

  const tell = (event: StandInEvent): void => {
    const before = state
    state = nextStandIn(before, event)
    const isNew = before.cause === undefined && state.cause !== undefined
    if (isNew && state.cause !== undefined && chosen?.standIn !== undefined)
      options.onNotice(standInNotice(state.cause))
  }
  const there = Effect.sync(() => tell({ type: "model.there" }))

  const over = (model: LanguageModel, standIn: LanguageModel | undefined): LanguageModel => {
    const refusal = ({ sentence }: NoMemory): ModelFailure =>
      new ModelError({ model: model.name, reason: "refused", message: sentence })
    /** Hands over where it was memory that was missing. */
    const handOver = <A>(
      failure: ModelFailure,
      to: (cause: NoMemory) => A,
      not: (failure: ModelFailure) => A,
    ) => {
      const cause = noMemoryOf(failure)
      if (cause === undefined) return not(failure)
      tell({ type: "model.without-memory", cause })
      return to(cause)
    }

    const instead = (cause: NoMemory): Effect.Effect<void, ModelFailure> =>
      standIn === undefined
        ? Effect.fail(refusal(cause))
        : Effect.mapError(standIn.preload, () => refusal(cause))

    /** What was asked of the ledger goes on when the turn stops waiting: the next one may find the model loaded. */
    const briefly = (cause: NoMemory): Effect.Effect<void, ModelFailure> =>
      Effect.gen(function* () {
        const asking = yield* Effect.forkChild(Effect.andThen(model.preload, there))
        const quick = yield* Effect.timeoutOption(Effect.exit(Fiber.join(asking)), BRIEFLY)
        if (quick._tag === "Some" || isWorthWaiting(state, model.state?.())) return yield* Fiber.join(asking)
        yield* Fiber.interrupt(asking)
        return yield* instead(cause)
      })

    const preload = Effect.suspend(() =>
      state.cause === undefined || standIn === undefined
        ? Effect.andThen(model.preload, there)
        : briefly(state.cause),
    ).pipe(Effect.catch((failure) => handOver(failure, instead, Effect.fail)))

    const chatInstead = (request: ChatRequest, cause: NoMemory): Stream.Stream<ChatEvent, ModelFailure> => {
      const messages = standIn && fitting(request, standIn.contextTokens, options.replyTokens)
      if (standIn === undefined || messages === undefined) return Stream.fail(refusal(cause))
      tell({ type: "stand-in.answers" })
      return Stream.unwrap(Effect.as(instead(cause), standIn.chat({ messages, tools: [] })))
    }

    const chatFirst = (request: ChatRequest): Stream.Stream<ChatEvent, ModelFailure> => {
      let begun = false
      return model.chat(request).pipe(
        Stream.tap(() =>
          Effect.sync(() => {
            if (!begun) tell({ type: "model.there" })
            begun = true
          }),
        ),
        Stream.catch((failure) =>
          handOver(
            failure,
            (cause) => (begun ? Stream.fail(refusal(cause)) : chatInstead(request, cause)),
            (other) => Stream.fail(other),
          ),
        ),
      )
    }

    return {
      name: model.name,
      placement: model.placement,
      callsTools: model.callsTools,
      get contextTokens() {
        return model.contextTokens
      },
      preload,
      chat: (request) =>
        Stream.suspend(() =>
          state.cause === undefined || standIn === undefined
            ? chatFirst(request)
            : chatInstead(request, state.cause),
        ),
      ...(model.state && { state: model.state }),
      get spokenNotice() {
        if (state.cause === undefined || state.spoken !== "due") return undefined
        return { text: standInNotice(state.cause), taken: () => tell({ type: "notice.taken" }) }
      },
    }
  }

  return {
    over: (choice) => {
      if (choice.type === "none") {
        chosen = undefined
        return choice
      }
      if (chosen?.model.name !== choice.model.name) state = nothingKnown
      chosen = choice
      const { model, standIn } = choice
      // One of our own says itself what became of it.
      if (model.placement === "embedded") return choice
      return {
        ...choice,
        model: over(model, standIn),
        // As long as it lasts.
        get notice() {
          return state.cause !== undefined && standIn !== undefined
            ? standInNotice(state.cause)
            : choice.notice
        },
      }
    },
    covers: (failure) => chosen?.standIn !== undefined && noMemoryOf(failure) !== undefined,
    get answers() {
      const answering = state.cause === undefined ? chosen?.model : (chosen?.standIn ?? chosen?.model)
      return answering?.name
    },
  }
}

/** The request without tools, in fewer tokens; undefined where it is about a tool's result, or does not fit. */
const fitting = ({ messages }: ChatRequest, contextTokens: number, replyTokens: number) => {
  const [system, ...rest] = messages
  const asked = rest.at(-1)
  if (system?.role !== "system" || asked?.role !== "user") return undefined
  const prompt = buildMessages({
    systemPrompt: system.content,
    history: rest.slice(0, -1),
    userText: asked.content,
    tools: [],
    contextTokens,
    replyTokens,
  })
  return prompt._tag === "Prompt" ? prompt.messages : undefined
}
