import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Ollama } from "ollama"
import type { ModelFailure } from "../ports/models.ts"
import { deadlineFailure, ollamaFailure } from "./ollama-failure.ts"
import { OllamaGarbage, ollamaFetch } from "./ollama-fetch.ts"
import { hasCloudName } from "./remote-endpoint.ts"

/** A model that Ollama has on disk. */
export interface OllamaEntry {
  readonly name: string
  readonly sizeBytes: number
}

export interface OllamaDetails {
  /** "completion", "tools", "thinking", … */
  readonly capabilities: readonly string[]
  /** Its prompts are passed on to another machine. */
  readonly isCloud: boolean
}

/** A model that Ollama has in memory now. */
export interface OllamaResident {
  readonly sizeBytes: number
  /** Less than `sizeBytes` where layers are on the CPU. Ollama's own estimate. */
  readonly vramBytes: number
  /** What it was loaded with, where the server tells it (0.11 and later). */
  readonly contextTokens?: number | undefined
}

/** What an Ollama server says about itself; each answer within `deadlineMs`, else a `ModelFailure`. */
export interface OllamaServer {
  readonly url: URL
  readonly installed: Effect.Effect<readonly OllamaEntry[], ModelFailure>
  details(model: string): Effect.Effect<OllamaDetails, ModelFailure>
  resident(model: string): Effect.Effect<OllamaResident | undefined, ModelFailure>
}

const DEFAULT_DEADLINE_MS = 2_000

const Remote = {
  remote_host: Schema.optionalKey(Schema.String),
  remote_model: Schema.optionalKey(Schema.String),
}
const Tags = Schema.Struct({
  models: Schema.Array(Schema.Struct({ name: Schema.String, size: Schema.Number, ...Remote })),
})
const Show = Schema.Struct({ capabilities: Schema.optionalKey(Schema.Array(Schema.String)), ...Remote })
const Ps = Schema.Struct({
  models: Schema.Array(
    Schema.Struct({
      name: Schema.String,
      size: Schema.Number,
      size_vram: Schema.optionalKey(Schema.Number),
      context_length: Schema.optionalKey(Schema.Number),
    }),
  ),
})

/** `url` has passed `checkEndpoint`. */
export const ollamaServer = (url: URL, deadlineMs: number = DEFAULT_DEADLINE_MS): OllamaServer => {
  const query = <S extends Schema.ConstraintDecoder<unknown>>(
    model: string,
    schema: S,
    call: (client: Ollama) => Promise<unknown>,
  ): Effect.Effect<S["Type"], ModelFailure> =>
    Effect.tryPromise({
      try: async (signal) => {
        const answer = await call(new Ollama({ host: url.href, fetch: ollamaFetch(signal) }))
        return Schema.decodeUnknownSync(schema)(answer)
      },
      catch: (error) =>
        ollamaFailure({ url, model }, false, Schema.isSchemaError(error) ? wrongShape() : error),
    }).pipe(
      Effect.timeoutOrElse({
        duration: deadlineMs,
        orElse: () => Effect.fail(deadlineFailure("Ollama", `no answer at ${url.origin}`, deadlineMs)),
      }),
    )

  return {
    url,
    installed: Effect.map(
      query("any", Tags, (client) => client.list()),
      ({ models }) => models.map(({ name, size }) => ({ name, sizeBytes: size })),
    ),
    details: (model) =>
      Effect.map(
        query(model, Show, (client) => client.show({ model })),
        ({ capabilities = [], remote_host = "", remote_model = "" }) => ({
          capabilities,
          isCloud: hasCloudName(model) || remote_host !== "" || remote_model !== "",
        }),
      ),
    resident: (model) =>
      Effect.map(
        query(model, Ps, (client) => client.ps()),
        ({ models }) => {
          const found = models.find(({ name }) => isSameModel(name, model))
          return (
            found && {
              sizeBytes: found.size,
              vramBytes: found.size_vram ?? 0,
              contextTokens: found.context_length,
            }
          )
        },
      ),
  }
}

/** Ollama adds `:latest` to a name without a tag. */
export const isSameModel = (one: string, other: string): boolean => withTag(one) === withTag(other)

const withTag = (name: string): string => (/:[^/]*$/.test(name) ? name : `${name}:latest`)

const wrongShape = (): OllamaGarbage => new OllamaGarbage("Ollama's answer has another shape than expected")
