import * as Data from "effect/Data"
import type { ContainerFailure } from "../../ports/containers.ts"
import { EngineProblem } from "./engine-request.ts"

/** The port's `ContainerFailure` as an error that can be yielded. */
export class ContainerError extends Data.TaggedError("ContainerError")<Omit<ContainerFailure, "_tag">> {}

/** What was asked of the engine, for the message; `changes` where not knowing its end matters. */
export interface AskedOfEngine {
  readonly what: string
  /** The engine's address. */
  readonly engine: string
  readonly changes: boolean
}

/** Why a request had no answer. Nothing that the engine or the network wrote is repeated. */
export const problemFailure = ({ what, engine, changes }: AskedOfEngine, error: unknown): ContainerError => {
  // Before there was a connection, as with a TLS file that cannot be read.
  const kind = error instanceof EngineProblem ? error.kind : "unreachable"
  switch (kind) {
    case "forbidden":
      return new ContainerError({ reason: "refused", message: `${what}: not a request that may be made.` })
    case "unreachable":
      return new ContainerError({
        reason: "unreachable",
        message: `${what}: the engine cannot be reached at ${engine}; check that it runs, and docker.host.`,
      })
    case "broken":
      // A change may have been taken before the connection broke.
      return new ContainerError({
        reason: changes ? "timeout" : "unreachable",
        message: `${what}: the engine at ${engine} closed the connection without an answer; see its log.`,
      })
    case "late":
      return new ContainerError({
        reason: "timeout",
        message: `${what}: no whole answer from the engine at ${engine} in time; see its log.`,
      })
    case "garbage":
      return badAnswer(what, engine)
  }
}

/** The engine said something else than an engine says. */
export const badAnswer = (what: string, engine: string): ContainerError =>
  new ContainerError({
    reason: "bad-answer",
    message: `${what}: what answers at ${engine} does not speak as a container engine does; check docker.host.`,
  })

/** Of a status that is not the one of success. */
export const statusFailure = ({ what, engine }: AskedOfEngine, status: number): ContainerError => {
  const failure = (reason: ContainerFailure["reason"], found: string): ContainerError =>
    new ContainerError({ reason, message: `${what}: ${found} (HTTP ${status} from ${engine}).` })
  if (status === 404) return failure("not-found", "there is no such container")
  if (status === 409) return failure("conflict", "its present state does not allow that")
  if (status >= 400 && status < 500) return failure("refused", "the engine, or a proxy before it, refused")
  if (status >= 500 && status < 600) return failure("server-error", "the engine failed; see its log")
  return badAnswer(what, engine)
}
