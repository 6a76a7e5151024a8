import * as Data from "effect/Data"
import type { Effect } from "effect/Effect"
import type { Handle } from "../../ports/child.ts"
import type { EngineName, EngineOptions, HostErrorCode } from "../../ports/host-protocol.ts"
import type { Placement } from "../../ports/residency.ts"

/**
 * A host did not do what it was asked.
 *
 * `died`: its process ended. `hung`: its process stopped answering pings. Either may go better on a fresh host.
 * `deadline`: this very operation took too long, and the host was killed for it. The rest is the host's own answer.
 */
export class HostFailure extends Data.TaggedError("HostFailure")<{
  readonly host: string
  readonly code: HostErrorCode | "died" | "hung" | "deadline"
  readonly message: string
}> {}

interface LoadRequest {
  readonly model: string
  readonly engine: EngineName
  readonly options: EngineOptions
  readonly deadlineMs: number
}

interface Loaded {
  readonly loadMs: number
  /** What is not as it was asked for, in a sentence for the user, and where it runs; see `LoadedEngine`. */
  readonly notice?: string | undefined
  readonly placement?: Placement | undefined
}

export interface InferRequest {
  readonly model: string
  /** Plain data and typed arrays, at most 8 MiB when serialised. */
  readonly input: unknown
  /** Counted from when the host gets the input, not from when it was queued. Past it the host is killed. */
  readonly deadlineMs: number
  readonly onChunk?: ((value: unknown) => void) | undefined
}

/** A running model host. Operations wait for one another, first come first served; interrupting one cancels it. */
export interface HostHandle extends Handle {
  readonly id: string
  readonly pid: number
  /** False from the moment the process is known to be gone. */
  isAlive(): boolean
  load(request: LoadRequest): Effect<Loaded, HostFailure>
  infer(request: InferRequest): Effect<{ readonly value: unknown; readonly inferenceMs: number }, HostFailure>
  unload(model: string, deadlineMs: number): Effect<void, HostFailure>
  /** Round trip in milliseconds. */
  readonly ping: Effect<number, HostFailure>
  /** Declares the host hung: SIGKILL to its process group. `exited` follows. */
  kill(detail: string): void
  /** The last 64 KiB that the host wrote on stdout and stderr, for `jett doctor`; never parsed. */
  output(): string
}
