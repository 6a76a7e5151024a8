import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { ModelError } from "../../models/model-error.ts"
import type { OllamaResident, OllamaServer } from "../../models/ollama-server.ts"
import type { ModelFailure } from "../../ports/models.ts"
import type { HeldMemory } from "../residency/held-memory.ts"

const MIB = 2 ** 20
const POLL_MS = 100

interface GiveBackOptions {
  readonly server: Pick<OllamaServer, "resident">
  readonly model: string
  readonly memory: HeldMemory
  /** Another client may have had the model loaded again, its own way: that one is not for us to unload. */
  readonly isOurs: (resident: OllamaResident) => boolean
  readonly unload: Effect.Effect<void, ModelFailure>
  /** For the memory to be back. */
  readonly unloadMs: number
}

/** Has Ollama unload the model, and ends when it lists it no more and its memory is back. */
export const giveBackToOllama = (options: GiveBackOptions): Effect.Effect<void, ModelFailure> => {
  const { server, model, memory, isOurs, unload, unloadMs } = options

  /**
   * A server that refuses connections lists nothing, one that is silent may. The runner of a server that was killed
   * outlives it, memory and all, where nobody kills its whole process group: only readings tell.
   */
  const isListed = Effect.matchEffect(server.resident(model), {
    onSuccess: (resident) => Effect.succeed(resident !== undefined && isOurs(resident)),
    onFailure: ({ reason }) => Effect.succeed(reason !== "unavailable"),
  })

  return Effect.gen(function* () {
    const found = yield* Effect.orElseSucceed(server.resident(model), () => undefined)
    if (found !== undefined && !isOurs(found)) memory.forget()
    else if (found !== undefined) {
      yield* memory.noteLoaded(found.vramBytes / MIB)
      // What matters is what comes of it.
      yield* Effect.ignore(unload)
    }
    const isBack = Effect.gen(function* () {
      return !(yield* isListed) && (yield* memory.isBack)
    })
    yield* Effect.repeat(isBack, { until: (back) => back, schedule: Schedule.spaced(POLL_MS) })
    memory.forget()
  }).pipe(
    Effect.timeoutOrElse({
      duration: unloadMs,
      orElse: () => {
        const message = `${model}: its memory is not back ${unloadMs / 1_000} s after it was unloaded; if it stays so, end what is left of "ollama runner".`
        return Effect.fail(new ModelError({ model, reason: "deadline", message }))
      },
    }),
  )
}
