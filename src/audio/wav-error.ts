import * as Data from "effect/Data"

/** Why a WAV file cannot be used. `message` says what was found, what was expected and the fix, in one line. */
export class WavError extends Data.TaggedError("WavError")<{
  readonly reason: "unreadable" | "empty" | "not-wav" | "unsupported" | "corrupt"
  readonly path: string
  readonly message: string
  readonly cause?: unknown
}> {}
