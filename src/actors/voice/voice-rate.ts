import { readFile } from "node:fs/promises"
import * as Effect from "effect/Effect"
import type { Config } from "../../config/definition.ts"
import { ModelError } from "../../models/model-error.ts"
import { parsePiperConfig } from "../../models/piper-config.ts"
import type { ModelFailure, ModelStore } from "../../ports/models.ts"
import { voiceOf } from "../models/model-system.ts"

const KOKORO_RATE_HZ = 24_000

/** The rate of the configured voice, in Hz, known before it is loaded: the speaker opens at it. */
export const voiceRateHz = (config: Config, store: ModelStore): Effect.Effect<number, ModelFailure> =>
  Effect.gen(function* () {
    const { engine, modelId } = voiceOf(config)
    if (engine === "kokoro") return KOKORO_RATE_HZ
    const { files } = yield* store.installed(modelId)
    const file = Object.values(files).find((path) => path.endsWith(".onnx.json")) ?? ""
    return yield* Effect.tryPromise({
      try: async () => parsePiperConfig(await readFile(file, "utf8"), file).rateHz,
      catch: (cause) =>
        new ModelError({
          model: modelId,
          reason: "load-failed",
          message: cause instanceof Error ? cause.message : String(cause),
          cause,
        }),
    })
  })
