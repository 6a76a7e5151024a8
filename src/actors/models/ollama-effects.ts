import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import type { HostGone } from "../../machines/model/model-types.ts"
import { ModelError } from "../../models/model-error.ts"
import { makeOllamaCalls, type OllamaCalls } from "../../models/ollama-calls.ts"
import type { OllamaResident } from "../../models/ollama-server.ts"
import type { Clock } from "../../ports/clock.ts"
import type { ModelFailure } from "../../ports/models.ts"
import type { Readings } from "../../ports/readings.ts"
import type { Residency } from "../../ports/residency.ts"
import { heldMemory } from "../residency/held-memory.ts"
import { makeLeaseKeeper } from "../residency/lease-keeper.ts"
import type { ModelDeeds } from "./model-life.ts"
import { loadIntoOllama, type OllamaLoadOptions } from "./ollama-load.ts"
import { footprintKeyOf, ollamaContexts } from "./ollama-variants.ts"

/** A model's memory on the GPU, as readings before and after its load tell it. */
export interface OllamaFootprint {
  /** The model and its context: what was measured is true of these. */
  readonly footprintKey: string
  readonly measuredMib: number
  /** What Ollama says. */
  readonly vramMib: number
}

export interface OllamaEffectsOptions extends OllamaLoadOptions {
  readonly residency: Residency
  /** Absent where no GPU can be read. */
  readonly readings?: Readings | undefined
  /** Whether Ollama is to use a GPU. Default: whether one can be read. */
  readonly expectsGpu?: boolean | undefined
  readonly onFootprint?: ((footprint: OllamaFootprint) => void) | undefined
  /** Monotonic. */
  readonly clock: Clock
  readonly times: OllamaTimes
}

/** Milliseconds. */
export interface OllamaTimes {
  readonly admitMs: number
  /** Between two looks at a model that is ready and idle. */
  readonly pollMs: number
  /** Before a server that did not answer is asked once more. */
  readonly recheckMs: number
  /** For the memory to be back. */
  readonly unloadMs: number
}

export interface OllamaEffects extends ModelDeeds {
  /** The requests about the model as it was loaded last. */
  calls(): OllamaCalls
  contextTokens(): number
  /** What Ollama says of it, as it was seen last. */
  resident(): OllamaResident | undefined
  /** False once it was found out that the model is no longer there. */
  isWell(): boolean
  /** How long ago it was seen there, in ms. */
  seenAgoMs(): number
  /** How long ago it was found to be gone, in ms. */
  lostAgoMs(): number
  /** Looks whether the model is still there; if not, `watchHost` ends. */
  readonly look: Effect.Effect<void>
  /** No look is taken of its own accord while the model is in use. */
  setInUse(inUse: boolean): void
  /** Ends when no lease is held for memory that is not back. */
  readonly memoryBack: Effect.Effect<void>
}

const MIB = 2 ** 20
const SHORT_POLL_MS = 100

/** What the model machine's actors do for a model that a server of others holds. The lease lives here. */
export const makeOllamaEffects = (
  options: OllamaEffectsOptions,
): Effect.Effect<OllamaEffects, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { server, model, clock, times, readings } = options
    const leases = yield* makeLeaseKeeper({ residency: options.residency, model, admitMs: times.admitMs })
    const memory = heldMemory(readings)
    const taking = readings?.take ?? Effect.succeed(undefined)
    const failure = (reason: ModelFailure["reason"], message: string) =>
      new ModelError({ model, reason, message })

    let contextTokens = options.contextTokens
    let calls = makeOllamaCalls(options)
    /** Something may be in the server's memory on our account. */
    let asked = false
    let loadedAs: OllamaResident | undefined
    let inUse = false
    let seenAtMs = Number.NEGATIVE_INFINITY
    let lostAtMs = Number.NEGATIVE_INFINITY
    let lost = Deferred.makeUnsafe<HostGone, ModelFailure>()
    let isWell = false

    const noteSeen = (resident: OllamaResident) =>
      Effect.map(memory.noteLoaded(resident.vramBytes / MIB), (reading) => {
        seenAtMs = clock.now()
        return reading
      })

    /** Another client may have had it loaded again, its own way: that one is not for us to unload. */
    const isOurs = (resident: OllamaResident): boolean =>
      loadedAs === undefined || resident.contextTokens === loadedAs.contextTokens

    /** The context that the lease is for: the ledger may have granted less than what is configured. */
    const grantedTokens = (): number => {
      const key = leases.granted()?.footprintKey
      const contexts = ollamaContexts(options)
      return contexts.find((tokens) => footprintKeyOf(model, tokens) === key) ?? options.contextTokens
    }

    const loadModel = Effect.gen(function* () {
      const there = yield* server.resident(model)
      const before = yield* taking
      asked = true
      loadedAs = undefined
      const loaded = yield* loadIntoOllama(
        { ...options, contextTokens: grantedTokens() },
        options.expectsGpu ?? before !== undefined,
      )
      const { resident } = loaded
      contextTokens = loaded.contextTokens
      calls = loaded.calls
      const after = yield* noteSeen(resident)
      // What was there already is in both readings.
      if (there === undefined && before !== undefined && after !== undefined && resident.vramBytes > 0) {
        options.onFootprint?.({
          footprintKey: footprintKeyOf(model, contextTokens),
          measuredMib: Math.max(0, after.usedMib - before.usedMib),
          vramMib: Math.round(resident.vramBytes / MIB),
        })
      }
      loadedAs = resident
      lost = Deferred.makeUnsafe()
      isWell = true
    })

    const lose = (looked: typeof lost, exit: Exit.Exit<HostGone, ModelFailure>) =>
      Effect.sync(() => {
        // Loaded anew while we looked.
        if (looked !== lost) return
        isWell = false
        lostAtMs = clock.now()
        Deferred.doneUnsafe(lost, exit)
      })

    /** Two failures in a row: a server that is only slow for a moment is not away. */
    const look: Effect.Effect<void> = Effect.suspend(() => {
      if (!isWell) return Effect.void
      const looked = lost
      return Effect.matchEffect(
        Effect.retry(server.resident(model), { times: 1, schedule: Schedule.spaced(times.recheckMs) }),
        {
          onSuccess: (resident) =>
            resident !== undefined && isOurs(resident)
              ? Effect.asVoid(noteSeen(resident))
              : lose(looked, Exit.succeed({ reason: { type: "normal" } })),
          onFailure: ({ message }) => lose(looked, Exit.fail(failure("unavailable", message))),
        },
      )
    })

    const watchHost = Effect.suspend(() =>
      Effect.raceFirst(
        Deferred.await(lost),
        Effect.forever(
          Effect.andThen(
            Effect.sleep(times.pollMs),
            Effect.suspend(() => (inUse ? Effect.void : look)),
          ),
        ),
      ),
    )

    /**
     * A server that refuses connections lists nothing, one that is silent may. The runner of a server that was killed
     * outlives it, memory and all, where nobody kills its whole process group: only readings tell.
     */
    const isListed = Effect.matchEffect(server.resident(model), {
      onSuccess: (resident) => Effect.succeed(resident !== undefined && isOurs(resident)),
      onFailure: ({ reason }) => Effect.succeed(reason !== "unavailable"),
    })

    const giveBack: Effect.Effect<void, ModelFailure> = Effect.gen(function* () {
      const found = yield* Effect.orElseSucceed(server.resident(model), () => undefined)
      if (found !== undefined && !isOurs(found)) memory.forget()
      else if (found !== undefined) {
        yield* noteSeen(found)
        // What matters is what comes of it.
        yield* Effect.ignore(calls.expire)
      }
      const isBack = Effect.gen(function* () {
        return !(yield* isListed) && (yield* memory.isBack)
      })
      yield* Effect.repeat(isBack, { until: (back) => back, schedule: Schedule.spaced(SHORT_POLL_MS) })
      asked = false
      memory.forget()
    }).pipe(
      Effect.timeoutOrElse({
        duration: times.unloadMs,
        orElse: () =>
          Effect.fail(
            failure(
              "deadline",
              `${model}: its memory is not back ${times.unloadMs / 1_000} s after it was unloaded; if it stays so, end what is left of "ollama runner".`,
            ),
          ),
      }),
    )

    return {
      acquireLease: leases.acquire,
      loadModel,
      watchHost,
      release: () =>
        Effect.suspend(() => {
          isWell = false
          return asked ? giveBack : Effect.void
        }).pipe(Effect.onExit((exit) => (Exit.isSuccess(exit) ? leases.end : leases.endAfter(giveBack)))),
      calls: () => calls,
      contextTokens: () => contextTokens,
      resident: () => loadedAs,
      isWell: () => isWell,
      seenAgoMs: () => clock.now() - seenAtMs,
      lostAgoMs: () => clock.now() - lostAtMs,
      look,
      setInUse: (now) => {
        inUse = now
      },
      memoryBack: leases.ended,
    }
  })
