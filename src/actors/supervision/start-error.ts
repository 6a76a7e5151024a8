import * as Data from "effect/Data"

/** A child could not be started: what was found, and what to do. */
export class StartError extends Data.TaggedError("StartError")<{
  readonly child: string
  readonly message: string
  readonly cause?: unknown
}> {}
