import * as Effect from "effect/Effect"
import type { Config } from "../../config/definition.ts"
import { openReadings } from "../../models/gpu/readings.ts"
import { ollamaServer } from "../../models/ollama-server.ts"
import { checkEndpoint } from "../../models/remote-endpoint.ts"
import type { MemoryReading, Readings } from "../../ports/readings.ts"
import type { CommandContext } from "../command.ts"

export interface BudgetLook {
  readonly source: Readings["source"]
  readonly reading: MemoryReading | undefined
  /** The models that Ollama has on disk; undefined where it does not answer or is not to be asked. */
  readonly ollama: readonly { readonly name: string; readonly sizeBytes: number }[] | undefined
}

/** One reading of the GPU, and Ollama's list. Without a sign of a driver nothing is started. Never rejects. */
export const lookAround = ({ env, signal }: CommandContext, config: Config): Promise<BudgetLook> =>
  Effect.gen(function* () {
    const readings = yield* openReadings({ env })
    const reading = yield* readings.take
    return { source: readings.source, reading, ollama: yield* installedIn(config) }
  }).pipe(Effect.scoped, (look) => Effect.runPromise(look, { signal }))

/** Nothing is sent to an address that the configuration does not allow. */
const installedIn = ({ llm, privacy }: Config): Effect.Effect<BudgetLook["ollama"]> => {
  if (llm.provider !== "auto" && llm.provider !== "ollama") return Effect.succeed(undefined)
  return checkEndpoint(llm.ollamaUrl, { allowRemote: privacy.allowRemoteLlm }).pipe(
    Effect.flatMap((url) => ollamaServer(url).installed),
    Effect.orElseSucceed(() => undefined),
  )
}
