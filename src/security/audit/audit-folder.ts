import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  type Stats,
} from "node:fs"
import { join } from "node:path"
import { AuditError, auditErrorOf } from "./audit-error.ts"

/** The files of a log. SQLite puts `-wal` and `-shm` beside the database, with its mode. */
export interface AuditFiles {
  readonly folder: string
  readonly database: string
  readonly lock: string
  /** The private key, PEM. */
  readonly key: string
}

export const auditFiles = (folder: string): AuditFiles => ({
  folder,
  database: join(folder, "audit.db"),
  lock: join(folder, "writer.lock"),
  key: join(folder, "audit.key"),
})

/**
 * Makes the folder (0700) and the files that SQLite opens (0600), and takes from others what they may do with those that
 * are there. Raises AuditError where something else is in the way: a link, another user's folder.
 */
export const prepareFolder = (files: AuditFiles): void => {
  const { folder, database, lock } = files
  guarded(folder, () => mkdirSync(folder, { recursive: true, mode: 0o700 }))
  closeToOthers(folder, 0o700, (found) => found.isDirectory())
  for (const path of [database, lock]) {
    makeFile(path)
    closeToOthers(path, 0o600, (found) => found.isFile())
  }
  for (const path of [`${database}-wal`, `${database}-shm`]) {
    if (lstatSync(path, { throwIfNoEntry: false }) !== undefined)
      closeToOthers(path, 0o600, (found) => found.isFile())
  }
  refuseLostDatabase(database)
  guarded(folder, () => syncFolder(folder))
}

/** Without `O_EXCL` SQLite would follow a link that somebody put there. Writes nothing into a file that exists. */
const makeFile = (path: string): void => {
  if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) return
  guarded(path, () => closeSync(openSync(path, "wx", 0o600)))
}

const closeToOthers = (path: string, mode: number, isExpected: (found: Stats) => boolean): void => {
  const found = guarded(path, () => lstatSync(path))
  if (!isExpected(found) || found.uid !== (process.getuid?.() ?? found.uid)) {
    throw new AuditError({
      reason: "unavailable",
      message: `${path} is a link, of another kind or of another user; a plain ${mode === 0o700 ? "folder" : "file"} of this user was expected. Move it away.`,
    })
  }
  if ((found.mode & 0o077) !== 0) guarded(path, () => chmodSync(path, found.mode & mode))
  // Asked here: SQLite opens what it may not write to for reading, and says so only later.
  guarded(path, () => accessSync(path, constants.R_OK | constants.W_OK))
}

/** SQLite throws away the log beside an empty database; there were rows in it. */
const refuseLostDatabase = (database: string): void => {
  const wal = lstatSync(`${database}-wal`, { throwIfNoEntry: false })
  if (wal === undefined || wal.size === 0 || lstatSync(database).size > 0) return
  throw new AuditError({
    reason: "corrupt",
    message: `${database} is empty, but there are rows in its write-ahead log; the database was expected beside it. Restore it, or move the folder aside, and a new log is begun.`,
  })
}

/** A new file's name is on disk only when its folder is. */
export const syncFolder = (folder: string): void => {
  const descriptor = openSync(folder, "r")
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

const guarded = <A>(path: string, what: () => A): A => {
  try {
    return what()
  } catch (error) {
    throw auditErrorOf(error, path)
  }
}
