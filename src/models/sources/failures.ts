import * as Data from "effect/Data"

/** One source did not give the file; the next one may. */
export class SourceFailure extends Data.TaggedError("SourceFailure")<{
  readonly message: string
  /** The host did not answer at all: its other files need not be tried. */
  readonly unreachable?: boolean | undefined
  readonly cause?: unknown
}> {}

/** This machine cannot take the file whatever the source: disk full, no permission. */
export class StoreFailure extends Data.TaggedError("StoreFailure")<{
  readonly message: string
  readonly cause?: unknown
}> {}

const storeProblems: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  EACCES: "permission denied",
  EPERM: "permission denied",
  EROFS: "the file system is read-only",
  ENOTDIR: "a part of the path is a file, not a folder",
  EEXIST: "a file is in the way of a folder",
}

/** The `code` of a Node system error, looked for along the chain of causes. */
export const errorCode = (error: unknown): string | undefined => {
  let current = error
  for (let depth = 0; depth < 5 && current instanceof Error; depth += 1) {
    if ("code" in current && typeof current.code === "string") return current.code
    current = current.cause
  }
  return undefined
}

/** The messages along the chain of causes, in one line. */
export const describeError = (error: unknown): string => {
  const parts: string[] = []
  let current = error
  for (let depth = 0; depth < 3 && current instanceof Error; depth += 1) {
    if (current.message !== "" && !parts.includes(current.message)) parts.push(current.message)
    current = current.cause
  }
  return parts.length > 0 ? parts.join(": ") : String(error)
}

/** Sorts whatever a fetch threw: already sorted stays, the machine's own problems, else the source's. */
export const sortFailure = (error: unknown, directory: string): SourceFailure | StoreFailure => {
  if (error instanceof SourceFailure || error instanceof StoreFailure) return error
  const problem = storeProblems[errorCode(error) ?? ""]
  return problem === undefined
    ? new SourceFailure({ message: describeError(error), cause: error })
    : new StoreFailure({ message: `cannot write to ${directory}: ${problem}`, cause: error })
}
