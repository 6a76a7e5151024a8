import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import { wyomingMemory } from "../../models/memory-profile.ts"
import { ModelError } from "../../models/model-error.ts"
import type { WyomingClient } from "../../models/wyoming.ts"
import type { Clock } from "../../ports/clock.ts"
import type { ModelFailure } from "../../ports/models.ts"
import type { Residency } from "../../ports/residency.ts"
import type { SpeechToText, Transcript } from "../../ports/speech.ts"
import { makeLeaseKeeper } from "../residency/lease-keeper.ts"
import type { ModelReport } from "./model-actor.ts"
import { isRetryable } from "./model-failure.ts"
import { clientAt, type WyomingAddress } from "./wyoming-address.ts"
import type { OwnWyoming } from "./wyoming-branch.ts"
import type { WyomingServerHandle } from "./wyoming-server.ts"

export interface WyomingSpeechOptions extends WyomingAddress {
  /** The server that is ours to start; without it the one that listens there is asked. */
  readonly own?: OwnWyoming | undefined
  /** What reports call the model. */
  readonly model: string
  readonly residency: Residency
  readonly clock: Clock
  readonly onReport?: ((report: ModelReport) => void) | undefined
}

/** A speech-to-text server as the rest of Jett sees it. */
export interface WyomingSpeech extends SpeechToText {
  /** Ends when a model can transcribe; starts the server if it is ours. */
  readonly preload: Effect.Effect<void, ModelFailure>
  /** Ends when our own server is gone, all its memory with it; it starts again with the next request. */
  readonly unload: Effect.Effect<void>
  /** What the ledger knows of it: our own server, or nothing. */
  readonly tenants: readonly string[]
}

interface Reached {
  readonly client: WyomingClient
  /** The one that is ours. */
  readonly server?: WyomingServerHandle | undefined
}

/** How long our own server waits for memory. */
const ADMIT_MS = 10_000
/** Of our own server: what its start may take, and a little. */
const START_MS = 125_000

/**
 * Speech to text by a Wyoming server: by one that runs already, or by one of our own under its supervisor. A transcription
 * that lost its server is asked for once more.
 */
export const makeWyomingSpeech = (
  options: WyomingSpeechOptions,
): Effect.Effect<WyomingSpeech, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { own } = options
    const report = reporter(options)
    const turn = Semaphore.makeUnsafe(1)
    const memory =
      own === undefined ? undefined : yield* tenancyOf({ residency: options.residency, own, turn })
    const unload = memory?.unload ?? Effect.void

    /** The server, up where it is ours. */
    const reach: Effect.Effect<Reached, ModelFailure> =
      memory === undefined
        ? Effect.map(clientAt(options), (client) => ({ client }))
        : Effect.map(memory.server, (server) => ({ client: server.client, server }))

    const attempt = (samples: Int16Array): Effect.Effect<Transcript, ModelFailure> =>
      Effect.gen(function* () {
        const { client, server } = yield* reach
        const transcript = Effect.suspend(() => {
          memory?.busy(true)
          return Effect.ensuring(
            client.transcribe(samples),
            Effect.sync(() => memory?.busy(false)),
          )
        })
        return yield* server === undefined
          ? transcript
          : Effect.catch(transcript, (failure) => judged(server, failure))
      })

    /** Ends a server of ours that is as good as dead, so that the next request waits for its successor. */
    const judged = (
      server: WyomingServerHandle,
      failure: ModelFailure,
    ): Effect.Effect<never, ModelFailure> => {
      const { reason, message } = failure
      if (reason === "deadline") server.kill(message)
      if (reason !== "died" && reason !== "unavailable") return Effect.fail(failure)
      // Its process may have ended although nobody here knows yet.
      return Effect.catch(Effect.asVoid(server.client.describe), () =>
        Effect.sync(() => server.kill(message)),
      ).pipe(Effect.andThen(Effect.fail(new ModelError({ model: failure.model, reason: "died", message }))))
    }

    return {
      transcribe: (samples) =>
        Effect.catchIf(attempt(samples), isRetryable, () => attempt(samples)).pipe(
          Semaphore.withPermits(turn, 1),
          report,
        ),
      preload: reach.pipe(
        Effect.flatMap(({ client }) => client.describe),
        Effect.asVoid,
        report,
      ),
      unload,
      tenants: own === undefined ? [] : [own.id],
    }
  })

/** Our own server as a tenant of the ledger: its lease is held from before its start until its process is gone. */
const tenancyOf = (options: {
  readonly residency: Residency
  readonly own: OwnWyoming
  /** One permit: held during a transcription. */
  readonly turn: Semaphore.Semaphore
}) =>
  Effect.gen(function* () {
    const { residency, turn } = options
    const { id: model, command, supervisor } = options.own
    const lease = yield* makeLeaseKeeper({ residency, model, admitMs: ADMIT_MS })
    const oneAtATime = Semaphore.makeUnsafe(1)
    let isHeld = false
    let isLoaded = false

    const stop = supervisor.stopChild(model).pipe(
      // There is no supervisor of servers without this one.
      Effect.orDie,
      Effect.andThen(lease.end),
      Effect.andThen(
        Effect.sync(() => {
          isHeld = false
          isLoaded = false
        }),
      ),
    )
    /** A start and an end wait for each other: a server that runs has a lease. */
    const unload = Semaphore.withPermits(oneAtATime, 1)(stop)
    const tenancy = yield* residency.register({
      model,
      ...wyomingMemory(model, command),
      evict: (force) => (force ? unload : Semaphore.withPermits(turn, 1)(unload)),
    })
    const admitted = Effect.tap(lease.acquire, () =>
      Effect.sync(() => {
        isHeld = true
      }),
    )
    const up = Effect.mapError(
      supervisor.handle(model, START_MS),
      ({ message }) => new ModelError({ model, reason: "unavailable", message }),
    )
    return {
      busy: tenancy.busy,
      unload,
      /** The server, up and with a lease. */
      server: Effect.suspend(() => (isHeld ? Effect.void : admitted)).pipe(
        Effect.andThen(up),
        Effect.tap(() =>
          Effect.sync(() => {
            if (!isLoaded) tenancy.loaded()
            isLoaded = true
          }),
        ),
        Effect.tapError(() => stop),
        Semaphore.withPermits(oneAtATime, 1),
      ),
    }
  })

/** Tells whether speech to text works, as the outcomes show, whenever that changes. */
const reporter = ({ model, clock, onReport }: WyomingSpeechOptions) => {
  let told: ModelReport["state"] = "unloaded"
  const tell = (state: ModelReport["state"], failure: ModelReport["failure"]): void => {
    if (state === told) return
    told = state
    onReport?.({ model, state, failure, atMs: clock.now() })
  }
  return <A>(effect: Effect.Effect<A, ModelFailure>): Effect.Effect<A, ModelFailure> =>
    effect.pipe(
      Effect.tap(() => Effect.sync(() => tell("ready", undefined))),
      Effect.tapError(({ reason, message }) => Effect.sync(() => tell("failed", { reason, message }))),
    )
}
