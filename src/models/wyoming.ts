import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { ModelFailure } from "../ports/models.ts"
import type { SpeechToText } from "../ports/speech.ts"
import { ModelError } from "./model-error.ts"
import type { WyomingEndpoint } from "./wyoming-endpoint.ts"
import { exchange } from "./wyoming-exchange.ts"
import type { WyomingEvent } from "./wyoming-framing.ts"

export interface WyomingClientOptions {
  readonly endpoint: WyomingEndpoint
  /** For a transcript, from the first byte sent. */
  readonly deadlineMs: number
  readonly describeDeadlineMs?: number | undefined
}

/** A speech-to-text server behind the Wyoming protocol, such as wyoming-faster-whisper. */
export interface WyomingClient extends SpeechToText {
  /** The name of an installed speech-to-text model; fails with `missing` if the server has none. */
  readonly describe: Effect.Effect<string, ModelFailure>
}

/**
 * Servers tell no probabilities. High enough for what follows to take a transcript as said; what is no speech is kept
 * away by voice activity before it gets here.
 */
const UNTOLD_CONFIDENCE = 0.6

const DEFAULT_DESCRIBE_MS = 2000
const FORMAT = { rate: 16_000, width: 2, channels: 1 }
const CHUNK_BYTES = 32_000

const Info = Schema.Struct({
  asr: Schema.Array(
    Schema.Struct({
      installed: Schema.Boolean,
      models: Schema.Array(Schema.Struct({ name: Schema.String, installed: Schema.Boolean })),
    }),
  ),
})

export const wyomingClient = ({
  endpoint,
  deadlineMs,
  describeDeadlineMs = DEFAULT_DESCRIBE_MS,
}: WyomingClientOptions): WyomingClient => {
  const fail = (reason: ModelFailure["reason"], message: string) =>
    Effect.fail(new ModelError({ model: "wyoming", reason, message }))
  const garbled = (what: string) =>
    fail(
      "failed",
      `The Wyoming server at ${endpoint.url} sent ${what} of an unknown shape; try another version of it.`,
    )

  const describe = exchange(endpoint, {
    send: [{ type: "describe", data: {} }],
    answer: ofType("info"),
    deadlineMs: describeDeadlineMs,
  }).pipe(
    Effect.flatMap(({ data }) =>
      Effect.matchEffect(Schema.decodeUnknownEffect(Info)({ asr: [], ...data }), {
        onFailure: () => garbled("a description"),
        onSuccess: ({ asr }) => {
          const model = asr
            .filter(({ installed }) => installed)
            .flatMap(({ models }) => models)
            .find(({ installed }) => installed)
          return model === undefined
            ? fail(
                "missing",
                `The Wyoming server at ${endpoint.url} has no speech-to-text model installed; install one there, or correct stt.wyoming_url.`,
              )
            : Effect.succeed(model.name)
        },
      }),
    ),
  )

  return {
    describe,
    transcribe: (samples) =>
      Effect.suspend(() => {
        const startedAt = performance.now()
        return exchange(endpoint, {
          send: requestFor(samples),
          answer: ofType("transcript"),
          deadlineMs,
        }).pipe(
          Effect.flatMap(({ data }) =>
            typeof data["text"] === "string" ? Effect.succeed(data["text"]) : garbled("a transcript"),
          ),
          Effect.map((text) => ({
            // Whisper begins with a space, and joins segments that begin with one by another.
            text: text.replace(/\s+/g, " ").trim(),
            confidence: UNTOLD_CONFIDENCE,
            inferenceMs: performance.now() - startedAt,
          })),
        )
      }),
  }
}

const ofType =
  (type: string) =>
  (event: WyomingEvent): WyomingEvent | undefined =>
    event.type === type ? event : undefined

/** Samples are little-endian in memory on every machine that Node runs on but IBM's. */
const requestFor = (samples: Int16Array): readonly WyomingEvent[] => {
  const bytes = new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength)
  const chunks = Array.from({ length: Math.ceil(bytes.length / CHUNK_BYTES) }, (_, i) => ({
    type: "audio-chunk",
    data: FORMAT,
    payload: bytes.subarray(i * CHUNK_BYTES, (i + 1) * CHUNK_BYTES),
  }))
  return [
    { type: "transcribe", data: { language: "en" } },
    { type: "audio-start", data: FORMAT },
    ...chunks,
    { type: "audio-stop", data: {} },
  ]
}
