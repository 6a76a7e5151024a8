import * as Data from "effect/Data"
import type { AuditFailure } from "../../ports/audit.ts"

/** The one way the audit log fails. `message` says what was found, what was expected and the fix; it holds no row. */
export class AuditError
  extends Data.TaggedError("AuditError")<{
    readonly reason: AuditFailure["reason"]
    readonly message: string
    readonly cause?: unknown
  }>
  implements AuditFailure {}

interface Trouble {
  readonly reason: AuditFailure["reason"]
  /** Found, expected, the fix; begins with the file's name. */
  readonly says: string
}

/** By the beginning of SQLite's extended result code, or the system's error code. The first that fits counts. */
const troubles: readonly (readonly [code: RegExp, Trouble])[] = [
  [
    /^(SQLITE_FULL|SQLITE_IOERR_SHMSIZE|ENOSPC|EDQUOT)/,
    {
      reason: "full",
      says: "has no room for another row; room was expected. Free some space on its disk, then try again.",
    },
  ],
  [
    /^(SQLITE_BUSY|SQLITE_LOCKED)/,
    {
      reason: "locked",
      says: "is locked by another program; no other writer was expected. End that program, then try again.",
    },
  ],
  [
    /^(SQLITE_READONLY|EACCES|EROFS|EPERM|SQLITE_PERM|SQLITE_AUTH)/,
    {
      reason: "read-only",
      says: "cannot be written to; a folder and files of this user, writable, were expected. Give them back to this user, or make the disk writable.",
    },
  ],
  [
    /^(SQLITE_CORRUPT|SQLITE_NOTADB)/,
    {
      reason: "corrupt",
      says: "is damaged, or no audit log; an intact one was expected. Look with `jett audit verify`; then move its folder aside, and a new log is begun.",
    },
  ],
  [
    /^(SQLITE_CANTOPEN|ENOENT|ENOTDIR|ELOOP|EISDIR|EEXIST)/,
    {
      reason: "unavailable",
      says: "cannot be opened or made; a folder of this user was expected there. Remove what is in its way.",
    },
  ],
]

/** Any error that came up over `path` as an AuditError, by its code; its own message is kept as the cause alone. */
export const auditErrorOf = (error: unknown, path: string): AuditError => {
  if (error instanceof AuditError) return error
  const code = codeOf(error)
  const trouble = troubles.find(([pattern]) => pattern.test(code))?.[1]
  if (trouble === undefined) {
    const message = `${path} could not be used (${code}); a working disk was expected. Look with \`jett audit verify\` and at the system's log.`
    return new AuditError({ reason: "failed", message, cause: error })
  }
  return new AuditError({
    reason: trouble.reason,
    message: `${path} ${trouble.says} (${code})`,
    cause: error,
  })
}

/** The cause of an AuditError: the file that is open is not the one at its path any more. */
export class LogMoved extends Error {
  readonly code = "JETT_LOG_MOVED"
}

/** After these nobody knows what the disk holds: the connection is given up, and opening anew finds out. */
export const isFatal = (error: unknown): boolean =>
  error instanceof LogMoved || /^SQLITE_(IOERR(?!_SHMSIZE)|CORRUPT|NOTADB)/.test(codeOf(error))

const codeOf = (error: unknown): string =>
  error instanceof Error && "code" in error && typeof error.code === "string"
    ? error.code
    : error instanceof Error
      ? error.name
      : "unknown"
