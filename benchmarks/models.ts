import { availableParallelism } from "node:os"
import * as Effect from "effect/Effect"
import type { ModelSystem } from "../src/actors/models/model-system.ts"
import type { Config } from "../src/config/definition.ts"
import { openModels } from "../src/main.ts"

/** Runs `use` with the models in their own processes, as Jett runs them; those have ended when the promise settles. */
export const withModels = <A>(
  config: Config,
  signal: AbortSignal,
  use: (models: ModelSystem) => Promise<A>,
): Promise<A> =>
  Effect.runPromise(
    Effect.scoped(
      Effect.gen(function* () {
        const models = yield* openModels(config, availableParallelism())
        return yield* Effect.tryPromise({ try: () => use(models), catch: (error) => error })
      }),
    ),
    { signal },
  )
