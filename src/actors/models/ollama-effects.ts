import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import type { HostGone } from "../../machines/model/model-types.ts"
import { contextsToTry } from "../../machines/model/partial-offload.ts"
import { ModelError } from "../../models/model-error.ts"
import { makeOllamaCalls, type OllamaCalls } from "../../models/ollama-calls.ts"
import type { OllamaResident } from "../../models/ollama-server.ts"
import type { Clock } from "../../ports/clock.ts"
import type { ModelFailure } from "../../ports/models.ts"
import type { Readings } from "../../ports/readings.ts"
import type { FoundModel, LoadedAs, Residency, Variant } from "../../ports/residency.ts"
import { heldMemory } from "../residency/held-memory.ts"
import { makeLeaseKeeper } from "../residency/lease-keeper.ts"
import type { ModelDeeds } from "./model-life.ts"
import { foundInOllama, residentMib } from "./ollama-found.ts"
import { giveBackToOllama } from "./ollama-give-back.ts"
import { loadIntoOllama, type OllamaLoaded, type OllamaLoadOptions } from "./ollama-load.ts"
import { footprintKeyOf } from "./ollama-variants.ts"

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
  /** Where the ledger counts it. */
  readonly ledger: Variant["placement"]
  /** What Ollama holds of the model before it is asked to load it; told before a lease is asked for. */
  readonly onFound?: ((found: FoundModel | undefined) => void) | undefined
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
  /** How it was loaded last, for the ledger. */
  loadedAs(): LoadedAs
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
  /** Unloads what Ollama was found to hold although no lease of ours is on it; ends when that memory is back. */
  readonly clear: Effect.Effect<void>
  /** Ends when no lease is held for memory that is not back. */
  readonly memoryBack: Effect.Effect<void>
}

const MIB = 2 ** 20
/** For a server to say what it holds: one that is slower than this gets a request for memory as if it held nothing. */
const FIND_MS = 1_000
const CLEAR_AGAIN_MS = 1_000

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

    /** As it was loaded last. */
    let loaded: Pick<OllamaLoaded, "contextTokens" | "calls" | "partial"> = {
      contextTokens: options.contextTokens,
      calls: makeOllamaCalls(options),
      partial: false,
    }
    /** Something may be in the server's memory on our account. */
    let asked = false
    /** Something of it was there before we asked for it. */
    let isFound = false
    const clearing = Semaphore.makeUnsafe(1)
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
      return (
        contextsToTry(options).find((tokens) => footprintKeyOf(model, tokens) === key) ??
        options.contextTokens
      )
    }

    /** Whether Ollama is to use a GPU, which is as good as whether one can be read. */
    const expectsGpu = (canRead: boolean): boolean =>
      options.processorOnly !== true && (options.expectsGpu ?? canRead)

    const lookFor = clearing.withPermits(1)(
      Effect.gen(function* () {
        const resident = yield* server.resident(model)
        isFound = resident !== undefined
        if (isFound) loadedAs = undefined
        return resident
      }),
    )

    /** Asks Ollama first: a model that it holds already, from an earlier run perhaps, needs no memory beside that. */
    const acquireLease = Effect.gen(function* () {
      const answer = yield* Effect.option(Effect.timeout(lookFor, FIND_MS))
      if (answer._tag === "None") return
      const resident = answer.value
      if (resident === undefined) return options.onFound?.(undefined)
      const reading = yield* Effect.timeoutOption(taking, FIND_MS)
      const canRead = reading._tag === "Some" && reading.value !== undefined
      options.onFound?.(foundInOllama(options, resident, expectsGpu(canRead)))
    }).pipe(Effect.andThen(leases.acquire))

    const loadModel = Effect.gen(function* () {
      const there = yield* server.resident(model)
      const before = yield* taking
      asked = true
      isFound = false
      loadedAs = undefined
      const { resident, ...load } = yield* loadIntoOllama(
        { ...options, contextTokens: grantedTokens() },
        expectsGpu(before !== undefined),
      )
      loaded = load
      const after = yield* noteSeen(resident)
      // What was there already is in both readings.
      if (there === undefined && before !== undefined && after !== undefined && resident.vramBytes > 0) {
        options.onFootprint?.({
          footprintKey: footprintKeyOf(model, loaded.contextTokens),
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

    const giveBack: Effect.Effect<void, ModelFailure> = Effect.suspend(() =>
      giveBackToOllama({ ...options, memory, isOurs, unloadMs: times.unloadMs, unload: loaded.calls.expire }),
    ).pipe(
      Effect.tap(() =>
        Effect.sync(() => {
          asked = false
          isFound = false
        }),
      ),
    )

    return {
      acquireLease,
      loadModel,
      watchHost,
      release: () =>
        Effect.suspend(() => {
          isWell = false
          return asked ? giveBack : Effect.void
        }).pipe(Effect.onExit((exit) => (Exit.isSuccess(exit) ? leases.end : leases.endAfter(giveBack)))),
      calls: () => loaded.calls,
      contextTokens: () => loaded.contextTokens,
      loadedAs: () => ({
        measuredMib: loadedAs && (residentMib(loadedAs, options.ledger) || undefined),
        footprintKey: footprintKeyOf(model, loaded.contextTokens),
        partial: loaded.partial,
      }),
      isWell: () => isWell,
      seenAgoMs: () => clock.now() - seenAtMs,
      lostAgoMs: () => clock.now() - lostAtMs,
      look,
      setInUse: (now) => {
        inUse = now
      },
      clear: clearing.withPermits(1)(
        Effect.suspend(() => (isFound ? giveBack : Effect.void)).pipe(
          // Loaded meanwhile, it has a lease, and is not for this to unload.
          Effect.retry({ schedule: Schedule.spaced(CLEAR_AGAIN_MS), while: () => isFound }),
          Effect.ignore,
        ),
      ),
      memoryBack: leases.ended,
    }
  })
