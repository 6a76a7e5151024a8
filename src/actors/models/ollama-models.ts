import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import type { OllamaModelOptions } from "../../models/ollama-calls.ts"
import { isSameModel } from "../../models/ollama-server.ts"
import { makeOllamaActor, type OllamaActor, type OllamaActorOptions } from "./ollama-actor.ts"

/** What all models of Ollama's have in common here. */
export type OllamaModelsOptions = Omit<OllamaActorOptions, keyof OllamaModelOptions | "weightsMib">

/** Makes the actor of a model in an Ollama server, or gives the one there is. */
export type OpenOllama = (options: OllamaModelOptions) => Effect.Effect<OllamaActor>

const MIB = 2 ** 20

/**
 * One model of Ollama's at a time: it is chosen anew at every wake word, mostly the same one. When another is chosen,
 * the earlier one is unloaded after the reply it may be writing. Another actor of the same model waits for that: the
 * server and the ledger know the two as one. Run one at a time.
 */
export const makeOllamaModels = (
  shared: OllamaModelsOptions,
): Effect.Effect<OpenOllama, never, Scope.Scope> =>
  Effect.map(Effect.scope, (scope) => {
    let current:
      | { readonly key: string; readonly actor: OllamaActor; readonly scope: Scope.Closeable }
      | undefined
    /** The latest of each name. */
    const retiring = new Map<string, Fiber.Fiber<void>>()

    const retire = Effect.gen(function* () {
      if (current === undefined) return
      const { actor, scope: own } = current
      current = undefined
      const ending = Effect.ensuring(actor.unload, Scope.close(own, Exit.void))
      retiring.set(actor.name, yield* Effect.forkIn(ending, scope))
    })

    const untilRetired = (model: string) =>
      Effect.suspend(() =>
        Fiber.awaitAll([...retiring].flatMap(([name, fiber]) => (isSameModel(name, model) ? [fiber] : []))),
      )

    return (options) =>
      Effect.gen(function* () {
        const { server, ...rest } = options
        const key = JSON.stringify([server.url.href, rest])
        if (current?.key === key) return current.actor
        yield* retire
        yield* untilRetired(options.model)
        const weightsMib = yield* weightsOf(options)
        const own = yield* Scope.fork(scope)
        const actor = yield* Scope.provide(makeOllamaActor({ ...shared, ...options, weightsMib }), own)
        current = { key, actor, scope: own }
        return actor
      })
  })

/** The size of its file. Nothing is known of one that the server does not tell, until it has been measured. */
const weightsOf = ({ server, model }: OllamaModelOptions): Effect.Effect<number> =>
  Effect.match(server.installed, {
    onSuccess: (installed) => (installed.find(({ name }) => isSameModel(name, model))?.sizeBytes ?? 0) / MIB,
    onFailure: () => 0,
  })
