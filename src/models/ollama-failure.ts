import type { ModelFailure } from "../ports/models.ts"
import { ModelError } from "./model-error.ts"
import { errorKind, type OllamaErrorKind, OllamaGarbage, OllamaHttpError } from "./ollama-fetch.ts"

export interface OllamaCall {
  readonly url: URL
  readonly model: string
}

/**
 * What went wrong in a call, in a line a person can act on. What Ollama or the network said is classified and left out:
 * an error about a tool call repeats the call.
 *
 * `begun`: an answer was already coming.
 */
export const ollamaFailure = ({ url, model }: OllamaCall, begun: boolean, error: unknown): ModelFailure => {
  // Only the HTTP error is kept as a cause: it holds a number, and none of what came with it.
  const cause = error instanceof OllamaHttpError ? { cause: error } : {}
  const failure = (reason: ModelFailure["reason"], message: string): ModelFailure =>
    new ModelError({ model, reason, message, ...cause })
  const ofKind = (kind: OllamaErrorKind, what: string): ModelFailure => {
    switch (kind) {
      case "missing":
        return failure("missing", `Ollama has no model "${model}"; create it with: ${creationCommand(model)}`)
      case "memory":
        return failure(
          "does-not-fit",
          `Ollama has not enough memory for ${model}; close something, or take a smaller model.`,
        )
      case "runner":
        return failure("died", `Ollama's runner of ${model} ended; see the log of "ollama serve".`)
      case "other":
        return failure(
          "failed",
          `Ollama could not answer with ${model} (${what}); see the log of "ollama serve".`,
        )
    }
  }
  if (error instanceof OllamaHttpError) {
    if (error.status === 503)
      return failure("unavailable", "Ollama has too much to do; try again in a moment.")
    return ofKind(error.kind, `HTTP ${error.status}`)
  }
  if (isGarbage(error)) {
    return failure(
      "failed",
      `What answers at ${url.origin} does not speak Ollama's protocol; correct llm.ollama_url.`,
    )
  }
  if (isRedirect(error)) {
    return failure(
      "refused",
      `What answers at ${url.origin} points elsewhere, which is not followed; correct llm.ollama_url.`,
    )
  }
  // The library throws a plain Error for an error that Ollama reports in a stream, be it the first part of it.
  if (error instanceof Error && error.constructor === Error && !isEndOfStream(error)) {
    return ofKind(errorKind(error.message), begun ? "reported while it wrote" : "reported before it wrote")
  }
  return begun
    ? failure("died", `Ollama broke off in the middle of an answer by ${model}.`)
    : failure("unavailable", `Ollama does not answer at ${url.origin}; start it with "ollama serve".`)
}

export const deadlineFailure = (model: string, what: string, ms: number): ModelFailure =>
  new ModelError({ model, reason: "deadline", message: `${model}: ${what} within ${ms / 1_000} s.` })

/** The server's queue is full: the same request may be taken a moment later. */
export const isServerBusy = ({ cause }: ModelFailure): boolean =>
  cause instanceof OllamaHttpError && cause.status === 503

/** The cause of a failure: the GPU's memory is too small for the model. */
export class DoesNotFit extends Error {
  override readonly name = "DoesNotFit"
}

/** Ollama could not load a model, or not as it was to be loaded, for want of memory. */
export const isOutOfMemory = ({ cause }: ModelFailure): boolean =>
  cause instanceof DoesNotFit || (cause instanceof OllamaHttpError && cause.kind === "memory")

/** The command that makes a model available: ours is built from the Modelfile, others are fetched. */
export const creationCommand = (model: string): string =>
  model.replace(/:latest$/, "") === "jett-qwen3"
    ? "ollama create jett-qwen3 -f models/Modelfile"
    : `ollama pull ${model}`

const causeOf = (error: unknown): unknown => (error instanceof Error ? error.cause : undefined)

const isGarbage = (error: unknown): boolean =>
  error instanceof OllamaGarbage || error instanceof SyntaxError || causeOf(error) instanceof OllamaGarbage

const isRedirect = (error: unknown): boolean => {
  const cause = causeOf(error)
  return cause instanceof Error && /redirect/i.test(cause.message)
}

const isEndOfStream = (error: Error): boolean => /^Did not receive done/.test(error.message)
