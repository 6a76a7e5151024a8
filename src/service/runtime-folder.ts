import { lstatSync, mkdirSync, type Stats } from "node:fs"
import { tmpdir } from "node:os"
import { isAbsolute, join } from "node:path"
import type { Environment } from "../config/paths.ts"

/** The folder of the lock and the socket cannot be trusted or made. */
export class RuntimeFolderError extends Error {
  readonly _tag = "RuntimeFolderError"
}

/** The kernel's limit on a Unix socket's path, less the terminating zero. */
const MAX_SOCKET_PATH_BYTES = 107

/**
 * Where the lock and the control socket live, made if it is not there: `jett` in `$XDG_RUNTIME_DIR`, or in
 * `/run/user/UID` where that variable is unset (an ssh session finds the desktop's daemon), or `jett-UID` in the
 * temporary folder. It is ours and closed to others (0700), or RuntimeFolderError is raised: in a folder that is
 * open to others somebody else could pose as the daemon.
 */
export function runtimeFolder(env: Environment): string {
  const uid = process.getuid?.() ?? 0
  const base = [env["XDG_RUNTIME_DIR"], `/run/user/${uid}`].find((folder) => isOwnFolder(folder, uid))
  const folder = base === undefined ? join(tmpdir(), `jett-${uid}`) : join(base, "jett")
  try {
    mkdirSync(folder, { mode: 0o700 })
  } catch (error) {
    if (!hasCode(error, "EEXIST")) {
      throw new RuntimeFolderError(`${folder} cannot be made: ${messageOf(error)}`, { cause: error })
    }
  }
  const found = lstatSync(folder)
  if (!found.isDirectory() || found.uid !== uid || (found.mode & 0o077) !== 0) {
    throw new RuntimeFolderError(
      `${folder} is ${describe(found)}; expected a folder of user ${uid} with mode 700. Remove it, or run \`chmod 700\` on it if it is yours.`,
    )
  }
  const socket = controlSocketPath(folder)
  if (Buffer.byteLength(socket) > MAX_SOCKET_PATH_BYTES) {
    throw new RuntimeFolderError(
      `${socket} is longer than the ${MAX_SOCKET_PATH_BYTES} bytes a socket's path may have. Set XDG_RUNTIME_DIR to a shorter one.`,
    )
  }
  return folder
}

export const controlSocketPath = (folder: string): string => join(folder, "control.sock")

function isOwnFolder(folder: string | undefined, uid: number): folder is string {
  if (folder === undefined || !isAbsolute(folder)) return false
  const found = lstatSync(folder, { throwIfNoEntry: false })
  return found?.isDirectory() === true && found.uid === uid
}

function describe(found: Stats): string {
  const kind = found.isSymbolicLink() ? "a symbolic link" : found.isDirectory() ? "a folder" : "not a folder"
  return `${kind} of user ${found.uid} with mode ${(found.mode & 0o777).toString(8)}`
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
