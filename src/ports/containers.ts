import type { Effect } from "effect/Effect"

/** A container as the engine describes it: only the fields that Jett needs, never its environment. */
export interface ContainerFacts {
  /** Without the engine's leading slash. */
  readonly name: string
  /** Full, 64 hex digits. */
  readonly id: string
  readonly state: "created" | "running" | "paused" | "restarting" | "removing" | "exited" | "dead"
  readonly health: "none" | "starting" | "healthy" | "unhealthy"
  /** Wall clock, ms; undefined where it never ran. */
  readonly startedAtMs: number | undefined
  readonly exitCode: number
  readonly restarts: number
  readonly composeProject: string | undefined
  readonly composeService: string | undefined
  /** The engine's own clock when it answered, ms, to the second; undefined where it does not say. */
  readonly engineNowMs?: number | undefined
}

export interface ContainerUsage {
  /** Percent of one core. */
  readonly cpuPercent: number
  readonly memoryMib: number
  readonly memoryLimitMib: number | undefined
}

export interface ContainerFailure {
  readonly _tag: "ContainerError"
  /** `timeout` of a change means that nobody knows whether it was done. */
  readonly reason:
    | "unreachable"
    | "timeout"
    | "not-found"
    | "conflict"
    | "refused"
    | "server-error"
    | "bad-answer"
  /** For the terminal: what was found, what was expected, the fix. Holds no text of the engine's. */
  readonly message: string
}

/**
 * The container engine. A name is always one of the table's own; whoever implements this sends it as it is and refuses
 * what is not a plain name.
 */
export interface Containers {
  list(names: readonly string[]): Effect<readonly ContainerFacts[], ContainerFailure>
  inspect(name: string): Effect<ContainerFacts, ContainerFailure>
  start(name: string): Effect<"done" | "unchanged", ContainerFailure>
  stop(name: string, graceSeconds: number): Effect<"done" | "unchanged", ContainerFailure>
  restart(name: string, graceSeconds: number): Effect<"done", ContainerFailure>
  /** The end of the log, as it is: bytes of somebody else, at most `maxBytes`, without the stream's framing. */
  logs(
    name: string,
    options: { readonly tail: number; readonly maxBytes: number },
  ): Effect<Uint8Array, ContainerFailure>
  stats(name: string): Effect<ContainerUsage, ContainerFailure>
}
