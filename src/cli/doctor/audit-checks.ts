import { accessSync, constants, existsSync, lstatSync } from "node:fs"
import { dirname } from "node:path"
import type { Environment } from "../../config/paths.ts"
import { auditFolder } from "../../config/paths.ts"
import { type AuditFiles, auditFiles } from "../../security/audit/audit-folder.ts"
import { openReader } from "../../security/audit/open-reader.ts"
import { readLog } from "../../security/audit/read-log.ts"
import { verifySteps } from "../../security/audit/verify-log.ts"
import { lockHolder } from "../../service/instance-lock.ts"
import { runtimeFolder } from "../../service/runtime-folder.ts"
import { messageOf } from "../failure.ts"
import { type Check, type Finding, fail, ok, warn } from "./check.ts"

const NO_ACTION = "without it every action is refused"
/** Some 200,000 rows; a check has ten. */
const VERIFYING_MS = 6_000

interface AuditCheckOptions {
  readonly verifyingMs?: number | undefined
  readonly canWrite?: typeof isWritable | undefined
}

/** Whether the log can be written, who writes it, and whether what is in it is in order. Makes and changes nothing. */
export function auditChecks(env: Environment, options: AuditCheckOptions = {}): readonly Check[] {
  const { verifyingMs = VERIFYING_MS, canWrite = isWritable } = options
  const files = auditFiles(auditFolder(env))
  return [
    { id: "audit.folder", run: () => folderFinding(files, env, canWrite) },
    { id: "audit.chain", run: (signal) => chainFinding(files.database, signal, verifyingMs) },
  ]
}

function folderFinding({ folder, lock }: AuditFiles, env: Environment, canWrite: typeof isWritable): Finding {
  const found = lstatSync(folder, { throwIfNoEntry: false })
  if (found === undefined) return ancestorFinding(folder, canWrite)
  const uid = process.getuid?.() ?? found.uid
  if (!found.isDirectory() || found.uid !== uid)
    return fail(`${folder} is no folder of user ${uid}; ${NO_ACTION}`, "move it away, or give it back")
  if (!canWrite(folder))
    return fail(`${folder} cannot be written to; ${NO_ACTION}`, `run chmod 700 ${folder}, or free the disk`)
  if ((found.mode & 0o077) !== 0) return warn(`${folder} is open to others`, `run chmod 700 ${folder}`)
  if (!isHeld(lock)) return ok(`${folder}; nobody writes to it now`)
  const holder = instanceHolder(env)
  return holder === undefined
    ? warn(
        `${folder} is written to by a process that is not the assistant of this user's runtime folder`,
        "end it if it is not meant: a second writer is refused",
      )
    : ok(`${folder}; jett ${holder.verb} (process ${holder.pid}) writes to it`)
}

/** A log is begun with the first start, so the folder need not be there. */
function ancestorFinding(folder: string, canWrite: typeof isWritable): Finding {
  let existing = dirname(folder)
  while (!existsSync(existing) && dirname(existing) !== existing) existing = dirname(existing)
  return canWrite(existing)
    ? ok(`none yet: it is begun in ${folder} when the assistant is first started`)
    : fail(`${folder} cannot be made in ${existing}; ${NO_ACTION}`, `make ${existing} writable`)
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** The writer keeps a transaction open there; asked by reading, which takes the lock from nobody. */
function isHeld(lock: string): boolean {
  if (!existsSync(lock)) return false
  const database = openReader(lock, 0)
  try {
    database.prepare("SELECT count(*) FROM sqlite_schema").get()
    return false
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "SQLITE_BUSY") return true
    throw error
  } finally {
    database.close()
  }
}

const instanceHolder = (env: Environment): ReturnType<typeof lockHolder> => {
  try {
    return lockHolder(runtimeFolder(env))
  } catch {
    return undefined
  }
}

async function chainFinding(path: string, signal: AbortSignal, verifyingMs: number): Promise<Finding> {
  if (!existsSync(path)) return ok("no log yet")
  const deadline = performance.now() + verifyingMs
  const steps = verifySteps(path)
  let good = 0
  try {
    for (;;) {
      const step = steps.next()
      if (step.done === true) {
        const { verdict, message, rows, covered } = step.value
        if (verdict !== "valid")
          return fail(
            `${verdict}: ${message}`,
            "run jett audit verify; keep a copy of the folder before you touch it",
          )
        return ok(`${rows} rows in order; ${signedWords(path, covered)}`)
      }
      good = step.value
      if (performance.now() > deadline)
        return ok(`the first ${good} rows are in order; the rest takes longer: jett audit verify`)
      await new Promise((resume) => setImmediate(resume))
      signal.throwIfAborted()
    }
  } finally {
    steps.return({ verdict: "unverifiable", message: "It was interrupted.", rows: good })
  }
}

/** What was signed last is how far a kept checkpoint can prove anything. */
function signedWords(path: string, covered: number | undefined): string {
  if (covered === undefined) return "none signed yet"
  try {
    const log = readLog(path)
    try {
      const at = log.row(covered)?.atMs
      const when = at === undefined ? "" : `, of ${new Date(at).toISOString()}`
      return `signed up to row ${covered}${when}`
    } finally {
      log.close()
    }
  } catch (error) {
    return messageOf(error)
  }
}
