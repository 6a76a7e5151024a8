import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { ModelError } from "../../models/model-error.ts"
import { makeOllamaCalls, type OllamaCalls, type OllamaModelOptions } from "../../models/ollama-calls.ts"
import { DoesNotFit } from "../../models/ollama-failure.ts"
import { ollamaPlacement, smallerContext } from "../../models/ollama-placement.ts"
import type { OllamaResident } from "../../models/ollama-server.ts"
import type { ModelFailure } from "../../ports/models.ts"

export interface OllamaLoadOptions extends OllamaModelOptions {
  /** A model of which Ollama puts a part on the processor: kept, or tried with a smaller context first, or refused. */
  readonly partialOffload: "accept" | "smaller-context" | "refuse"
  /** What the user should know although the model works. */
  readonly onNotice?: ((message: string) => void) | undefined
}

/** A model as Ollama has loaded it. */
export interface OllamaLoaded {
  readonly resident: OllamaResident
  /** As configured, or less. */
  readonly contextTokens: number
  /** The requests that do not make Ollama load it again. */
  readonly calls: OllamaCalls
}

const LIST_MS = 3_000
const LIST_POLL_MS = 100

/** Loads a model into Ollama and verifies where it went, which Ollama's own answer does not tell. */
export const loadIntoOllama = (
  options: OllamaLoadOptions,
  expectsGpu: boolean,
): Effect.Effect<OllamaLoaded, ModelFailure> =>
  Effect.gen(function* () {
    const { model, partialOffload, onNotice } = options
    for (let tokens = options.contextTokens; ; ) {
      const loaded = yield* loadOnce({ ...options, contextTokens: tokens })
      const { resident } = loaded
      const placement = ollamaPlacement(resident, expectsGpu)
      if (placement.type !== "partial") {
        if (tokens < options.contextTokens) {
          onNotice?.(
            `${model} fits on the GPU only with ${tokens} tokens of context instead of ${options.contextTokens}, so it remembers less of a conversation.`,
          )
        }
        return loaded
      }
      const smaller = smallerContext(tokens, options.replyTokens)
      // With nothing at all on the GPU it is not a little that is missing.
      if (partialOffload === "smaller-context" && smaller !== undefined && resident.vramBytes > 0) {
        tokens = smaller
        continue
      }
      const percent = Math.max(1, Math.round(placement.cpuShare * 100))
      const what = `${model} does not fit on the GPU: ${percent} % of it`
      if (partialOffload === "refuse") {
        const message = `${what} would be on the processor; close what uses the GPU, take a smaller model, or set llm.partial_offload = "accept".`
        return yield* Effect.fail(
          new ModelError({ model, reason: "load-failed", message, cause: new DoesNotFit() }),
        )
      }
      onNotice?.(`${what} is on the processor, so answers are slow.`)
      return loaded
    }
  })

const loadOnce = (options: OllamaModelOptions): Effect.Effect<OllamaLoaded, ModelFailure> =>
  Effect.gen(function* () {
    const calls = makeOllamaCalls(options)
    yield* calls.load
    return { resident: yield* listed(options), contextTokens: options.contextTokens, calls }
  })

/** Ollama may answer a load before it lists the model. */
const listed = ({ server, model }: OllamaModelOptions): Effect.Effect<OllamaResident, ModelFailure> => {
  const find = Effect.repeat(server.resident(model), {
    until: (resident) => resident !== undefined,
    schedule: Schedule.spaced(LIST_POLL_MS),
  })
  const message = `Ollama says that it has loaded ${model}, but does not list it; see the log of "ollama serve".`
  const missing = Effect.fail(new ModelError({ model, reason: "load-failed", message }))
  return Effect.timeoutOrElse(find, { duration: LIST_MS, orElse: () => missing }).pipe(
    Effect.flatMap((resident) => (resident === undefined ? missing : Effect.succeed(resident))),
  )
}
