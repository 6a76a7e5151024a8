import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { afterLoad, type LoadFound, type PartialOffload } from "../../machines/model/partial-offload.ts"
import { ModelError } from "../../models/model-error.ts"
import { makeOllamaCalls, type OllamaCalls, type OllamaModelOptions } from "../../models/ollama-calls.ts"
import { DoesNotFit } from "../../models/ollama-failure.ts"
import { ollamaPlacement } from "../../models/ollama-placement.ts"
import type { OllamaResident } from "../../models/ollama-server.ts"
import type { ModelFailure } from "../../ports/models.ts"

export interface OllamaLoadOptions extends OllamaModelOptions {
  readonly partialOffload: PartialOffload
  /** What the user should know although the model works. */
  readonly onNotice?: ((message: string) => void) | undefined
}

/** A model as Ollama has loaded it. */
interface OllamaLoad extends LoadFound {
  readonly resident: OllamaResident
  /** The requests that do not make Ollama load it again. */
  readonly calls: OllamaCalls
}

export interface OllamaLoaded extends OllamaLoad {
  /** Some of it is on the processor although it was to be on the GPU. */
  readonly partial: boolean
}

const LIST_MS = 3_000
const LIST_POLL_MS = 100

/** Loads a model into Ollama as often as `afterLoad` says. */
export const loadIntoOllama = (
  options: OllamaLoadOptions,
  expectsGpu: boolean,
): Effect.Effect<OllamaLoaded, ModelFailure> =>
  Effect.gen(function* () {
    const { model, onNotice } = options
    for (let { contextTokens } = options; ; ) {
      const loaded = yield* loadOnce({ ...options, contextTokens }, expectsGpu)
      const next = afterLoad(options, loaded)
      switch (next.type) {
        case "load-again":
          contextTokens = next.contextTokens
          break
        case "refuse":
          return yield* Effect.fail(
            new ModelError({
              model,
              reason: "does-not-fit",
              message: next.message,
              cause: new DoesNotFit(),
            }),
          )
        case "keep":
          if (next.notice !== undefined) onNotice?.(next.notice)
          return { ...loaded, partial: next.partial }
      }
    }
  })

/** Loads a model and looks where it went, which Ollama's own answer does not tell. */
const loadOnce = (
  options: OllamaModelOptions,
  expectsGpu: boolean,
): Effect.Effect<OllamaLoad, ModelFailure> =>
  Effect.gen(function* () {
    const calls = makeOllamaCalls(options)
    yield* calls.load
    const resident = yield* listed(options)
    const placement = ollamaPlacement(resident, expectsGpu)
    const cpuShare = placement.type === "partial" ? placement.cpuShare : 0
    return { resident, contextTokens: options.contextTokens, cpuShare, calls }
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
