import { availableParallelism } from "node:os"
import * as Effect from "effect/Effect"
import { type ModelSystem, makeModelSystem } from "../src/actors/model-system.ts"
import { openResidency } from "../src/actors/residency-open.ts"
import { monotonicClock } from "../src/audio/monotonic-clock.ts"
import type { Config } from "../src/config/definition.ts"
import { modelsFolder } from "../src/config/paths.ts"
import { makeModelStore } from "../src/models/store.ts"
import { SYSTEM_PROMPT } from "../src/text/prompt.ts"

/** Runs `use` with the models in their own processes, as Jett runs them; those have ended when the promise settles. */
export const withModels = <A>(
  config: Config,
  signal: AbortSignal,
  use: (models: ModelSystem) => Promise<A>,
): Promise<A> =>
  Effect.runPromise(
    Effect.scoped(
      Effect.gen(function* () {
        const models = yield* makeModelSystem({
          config,
          store: makeModelStore(modelsFolder(config, process.env)),
          residency: openResidency,
          clock: monotonicClock,
          cores: availableParallelism(),
          systemPrompt: SYSTEM_PROMPT,
        })
        return yield* Effect.tryPromise({ try: () => use(models), catch: (error) => error })
      }),
    ),
    { signal },
  )
