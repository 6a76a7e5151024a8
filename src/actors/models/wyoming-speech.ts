import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import type { SupervisorReport } from "../../machines/supervision/supervision-types.ts"
import { wyomingMemory } from "../../models/memory-profile.ts"
import { ModelError } from "../../models/model-error.ts"
import { type WyomingClient, wyomingClient } from "../../models/wyoming.ts"
import { wyomingEndpoint } from "../../models/wyoming-endpoint.ts"
import type { Clock } from "../../ports/clock.ts"
import type { ModelFailure } from "../../ports/models.ts"
import type { Residency } from "../../ports/residency.ts"
import type { SpeechToText, Transcript } from "../../ports/speech.ts"
import { makeLeaseKeeper } from "../residency/lease-keeper.ts"
import { type ChildStatus, makeSupervisor, type Supervisor } from "../supervision/supervisor.ts"
import type { ModelReport } from "./model-actor.ts"
import { isRetryable } from "./model-failure.ts"
import { spawnWyomingServer, type WyomingServerHandle } from "./wyoming-server.ts"

export interface WyomingSpeechOptions {
  /** `stt.wyoming_url`. */
  readonly url: string
  /** `stt.wyoming_command`: the server is ours to start. */
  readonly command?: string | undefined
  /** `privacy.allow_remote_stt`. */
  readonly allowRemote: boolean
  /** What reports call the model. */
  readonly model: string
  readonly residency: Residency
  readonly clock: Clock
  readonly transcribeDeadlineMs?: number | undefined
  readonly onReport?: ((report: ModelReport) => void) | undefined
  /** Called for all that the supervisor of our own server does. */
  readonly onSupervision?: ((report: SupervisorReport) => void) | undefined
}

/** A speech-to-text server as the rest of Jett sees it. */
export interface WyomingSpeech extends SpeechToText {
  /** Ends when a model can transcribe; starts the server if it is ours. */
  readonly preload: Effect.Effect<void, ModelFailure>
  /** Ends when our own server is gone, all its memory with it; it starts again with the next request. */
  readonly unload: Effect.Effect<void>
  /** What the ledger knows of it: our own server, or nothing. */
  readonly tenants: readonly string[]
  /** Our own server, or nothing. */
  children(): readonly ChildStatus[]
}

const SERVER = "wyoming"
/** Whisper takes several seconds on a small CPU. */
const DEFAULT_TRANSCRIBE_MS = 20_000
/** How long our own server waits for memory. */
const ADMIT_MS = 10_000
/** Of our own server: what its start may take, and a little. */
const START_MS = 125_000

/**
 * Speech to text by a Wyoming server: by one that runs already, or by one of our own under a supervisor. A transcription
 * that lost its server is asked for once more.
 */
export const makeWyomingSpeech = (
  options: WyomingSpeechOptions,
): Effect.Effect<WyomingSpeech, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { url, command, clock, allowRemote, transcribeDeadlineMs = DEFAULT_TRANSCRIBE_MS } = options
    const report = reporter(options)
    const turn = Semaphore.makeUnsafe(1)
    let inFlight = false
    /** When sound was given up on that the server may still be working on. */
    let abandonedAtMs = Number.NEGATIVE_INFINITY

    const client: Effect.Effect<WyomingClient, ModelFailure> = Effect.map(
      wyomingEndpoint(url, { allowRemote }),
      (endpoint) => wyomingClient({ endpoint, deadlineMs: transcribeDeadlineMs }),
    )
    const supervisor =
      command === undefined
        ? undefined
        : yield* makeSupervisor<WyomingServerHandle>({
            id: "servers",
            clock,
            onReport: options.onSupervision,
            children: [
              {
                child: spawnWyomingServer({
                  id: SERVER,
                  command,
                  url,
                  client,
                  busyAtMs: () => (inFlight ? clock.now() : abandonedAtMs),
                  busyMs: transcribeDeadlineMs,
                  clock,
                }),
                start: "on-demand",
              },
            ],
          })

    const memory =
      supervisor === undefined || command === undefined
        ? undefined
        : yield* tenancyOf({ residency: options.residency, command, supervisor, turn })
    const unload = memory?.unload ?? Effect.void

    /** The server, up; nothing where it is not ours. */
    const ours: Effect.Effect<WyomingServerHandle | undefined, ModelFailure> =
      memory?.server ?? Effect.succeed(undefined)

    const attempt = (samples: Int16Array): Effect.Effect<Transcript, ModelFailure> =>
      Effect.gen(function* () {
        const server = yield* ours
        const ready = yield* client
        inFlight = true
        memory?.busy(true)
        const transcript = ready.transcribe(samples).pipe(
          Effect.onExit((exit) =>
            Effect.sync(() => {
              inFlight = false
              memory?.busy(false)
              if (Exit.isFailure(exit)) abandonedAtMs = clock.now()
            }),
          ),
        )
        return yield* server === undefined
          ? transcript
          : Effect.catch(transcript, (failure) => judged(server, ready, failure))
      })

    /** Ends a server of ours that is as good as dead, so that the next request waits for its successor. */
    const judged = (
      server: WyomingServerHandle,
      { describe }: WyomingClient,
      failure: ModelFailure,
    ): Effect.Effect<never, ModelFailure> => {
      const { reason, message } = failure
      if (reason === "deadline") server.kill(message)
      if (reason !== "died" && reason !== "unavailable") return Effect.fail(failure)
      // Its process may have ended although nobody here knows yet.
      return Effect.catch(Effect.asVoid(describe), () => Effect.sync(() => server.kill(message))).pipe(
        Effect.andThen(Effect.fail(new ModelError({ model: SERVER, reason: "died", message }))),
      )
    }

    return {
      transcribe: (samples) =>
        Effect.catchIf(attempt(samples), isRetryable, () => attempt(samples)).pipe(
          Semaphore.withPermits(turn, 1),
          report,
        ),
      preload: ours.pipe(
        Effect.andThen(client),
        Effect.flatMap(({ describe }) => describe),
        Effect.asVoid,
        report,
      ),
      unload,
      tenants: memory === undefined ? [] : [SERVER],
      children: () => supervisor?.children() ?? [],
    }
  })

/** Our own server as a tenant of the ledger: its lease is held from before its start until its process is gone. */
const tenancyOf = (options: {
  readonly residency: Residency
  readonly command: string
  readonly supervisor: Supervisor<WyomingServerHandle>
  /** One permit: held during a transcription. */
  readonly turn: Semaphore.Semaphore
}) =>
  Effect.gen(function* () {
    const { residency, command, supervisor, turn } = options
    const lease = yield* makeLeaseKeeper({ residency, model: SERVER, admitMs: ADMIT_MS })
    const oneAtATime = Semaphore.makeUnsafe(1)
    let isHeld = false
    let isLoaded = false

    const stop = supervisor.stopChild(SERVER).pipe(
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
      model: SERVER,
      ...wyomingMemory(SERVER, command),
      evict: (force) => (force ? unload : Semaphore.withPermits(turn, 1)(unload)),
    })
    const admitted = Effect.tap(lease.acquire, () =>
      Effect.sync(() => {
        isHeld = true
      }),
    )
    const up = Effect.mapError(
      supervisor.handle(SERVER, START_MS),
      ({ message }) => new ModelError({ model: SERVER, reason: "unavailable", message }),
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
