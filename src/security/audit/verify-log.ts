import type Database from "better-sqlite3"
import { sqlValues } from "./audit-row.ts"
import { APPLICATION_ID, headerOf, schemaDifference } from "./audit-schema.ts"
import { ChainCheck, isSame, rowsAfter } from "./chain-check.ts"
import { type Checkpoint, parseCheckpoint } from "./checkpoint.ts"
import { erasedThrough, readIdentity } from "./log-identity.ts"
import { openReader } from "./open-reader.ts"
import { FORMAT } from "./row-hash.ts"
import { formatVerifierKey, isSignedBy, parseNote, type VerifierKey } from "./signed-note.ts"
import type { Verdict, VerifyReport } from "./verify-report.ts"

export interface VerifyOptions {
  /** A checkpoint that was kept elsewhere: the text of the signed note. */
  readonly checkpoint?: string | undefined
  /** The key that was kept elsewhere; else the one that the log names. */
  readonly key?: VerifierKey | undefined
}

/** Ends the check: the verdict. */
class Finding extends Error {
  readonly verdict: Verdict
  readonly firstBadRow: number | undefined

  constructor(verdict: Verdict, message: string, firstBadRow?: bigint) {
    super(message)
    this.verdict = verdict
    this.firstBadRow = firstBadRow === undefined ? undefined : Number(firstBadRow)
  }
}

/** How far the check came. */
interface Progress {
  chain?: ChainCheck
  key?: VerifierKey
  covered?: bigint
}

/**
 * Checks all of the log at `path` as it is at this moment, beside a writer too: tables and triggers, numbers, hashes,
 * texts, signatures, indexes, and that it goes on from `checkpoint`. Rows are streamed; every now and then it yields how
 * many are good, so that a caller can do something else. Never throws: what cannot be read is a verdict.
 */
export function* verifySteps(path: string, options: VerifyOptions = {}): Generator<number, VerifyReport> {
  const progress: Progress = {}
  let database: Database.Database | undefined
  try {
    database = openReader(path)
    // One view of the log, whatever is written meanwhile.
    database.exec("BEGIN")
    return report("valid", yield* check(database, options, progress), progress)
  } catch (error) {
    if (error instanceof Finding) return report(error.verdict, error.message, progress, error.firstBadRow)
    return report("unverifiable", unreadable(error, path, progress), progress)
  } finally {
    database?.close()
  }
}

/** The same at one go. */
export const verifyLog = (path: string, options: VerifyOptions = {}): VerifyReport => {
  const steps = verifySteps(path, options)
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
  }
}

const report = (
  verdict: Verdict,
  message: string,
  { chain, key, covered }: Progress,
  firstBadRow?: number,
): VerifyReport => ({
  verdict,
  message,
  rows: Number(chain?.seq ?? 0n),
  ...(firstBadRow !== undefined && { firstBadRow }),
  ...(chain !== undefined && chain.seq > 0n && { head: Buffer.from(chain.hash).toString("hex") }),
  ...(key !== undefined && { key: formatVerifierKey(key) }),
  ...(covered !== undefined && { covered: Number(covered) }),
})

function* check(
  database: Database.Database,
  options: VerifyOptions,
  progress: Progress,
): Generator<number, string> {
  checkHeader(database)
  const difference = schemaDifference(database)
  if (difference !== undefined) throw new Finding("broken", `The database was tampered with: ${difference}.`)
  const identity = readIdentity(database)
  if (identity === undefined) throw new Finding("broken", "The database does not say which log it is.", 1n)
  const { key, genesis } = identity
  progress.key = key
  if (options.key !== undefined && formatVerifierKey(options.key) !== formatVerifierKey(key)) {
    throw new Finding(
      "unverifiable",
      `The log is signed by ${formatVerifierKey(key)}; the key that was given is another.`,
    )
  }
  const kept = options.checkpoint === undefined ? undefined : readCheckpoint(options.checkpoint, key)
  const chain = new ChainCheck(0n, genesis, erasedThrough(database))
  progress.chain = chain
  yield* followChain(database, chain, kept, progress)
  checkAround(database, chain)
  if (kept === undefined)
    return "The chain is whole. What was cut off its end shows only against a checkpoint kept elsewhere."
  return `The chain is whole, and goes on from the checkpoint at row ${kept.size}.`
}

const checkHeader = (database: Database.Database): void => {
  const { applicationId, format } = headerOf(database)
  if (applicationId !== APPLICATION_ID)
    throw new Finding("unverifiable", "The file is no audit log of Jett's.")
  if (format !== FORMAT)
    throw new Finding(
      "unverifiable",
      `The log is of format ${String(format)}; this version of Jett knows format ${FORMAT}. Use the one that wrote it.`,
    )
}

const readCheckpoint = (text: string, key: VerifierKey): Checkpoint => {
  const note = parseNote(text)
  const checkpoint = note === undefined ? undefined : parseCheckpoint(note)
  if (note === undefined || checkpoint === undefined)
    throw new Finding(
      "unverifiable",
      "The checkpoint given is none; a file of `jett audit export --checkpoint` was expected.",
    )
  if (checkpoint.origin !== key.name)
    throw new Finding(
      "unverifiable",
      `The checkpoint given is of ${checkpoint.origin}; this log is ${key.name}.`,
    )
  if (!isSignedBy(note, key))
    throw new Finding(
      "unverifiable",
      "The checkpoint given was not signed by the key of this log, or was changed.",
    )
  return checkpoint
}

const ROWS_OF_A_STEP = 4096n

function* followChain(
  database: Database.Database,
  chain: ChainCheck,
  kept: Checkpoint | undefined,
  progress: Progress,
): Generator<number, void> {
  const own = ownCheckpoints(database, progress)
  own.compare(chain)
  for (const row of rowsAfter(database, 0)) {
    const trouble = chain.next(row)
    const at = chain.seq + (trouble === undefined ? 0n : 1n)
    if (trouble !== undefined)
      throw new Finding("broken", `Row ${at} is not as it was written: ${trouble}.`, at)
    own.compare(chain)
    if (kept !== undefined && BigInt(kept.size) === at && !isSame(kept.root, chain.hash))
      throw new Finding("broken", `Row ${at} is not the one that the checkpoint given names.`, at)
    if (at % ROWS_OF_A_STEP === 0n) yield Number(at)
  }
  if (kept !== undefined && BigInt(kept.size) > chain.seq)
    throw new Finding(
      "truncated",
      `The log ends at row ${chain.seq}; the checkpoint given was made at row ${kept.size}.`,
    )
  const missing = own.next
  if (missing !== undefined)
    throw new Finding(
      "truncated",
      `The log ends at row ${chain.seq}; a checkpoint of its own was made at row ${missing}.`,
    )
}

/** The checkpoints that the log itself holds, in order, each compared when the chain is there. */
const ownCheckpoints = (database: Database.Database, progress: Progress) => {
  const after = database
    .prepare<unknown[], unknown>("SELECT size, note FROM checkpoints WHERE size > ? ORDER BY size LIMIT 1")
    .raw()
    .safeIntegers()
  let next = sqlValues(after.get(-1n))
  return {
    get next(): bigint | undefined {
      return typeof next[0] === "bigint" ? next[0] : undefined
    },
    compare: (chain: ChainCheck): void => {
      const [size, text] = next
      if (typeof size !== "bigint" || size > chain.seq) return
      const note = typeof text === "string" ? parseNote(text) : undefined
      const checkpoint = note === undefined ? undefined : parseCheckpoint(note)
      const isOurs =
        note !== undefined &&
        progress.key !== undefined &&
        checkpoint?.origin === progress.key.name &&
        BigInt(checkpoint.size) === size &&
        size === chain.seq &&
        isSame(checkpoint.root, chain.hash) &&
        isSignedBy(note, progress.key)
      if (!isOurs)
        throw new Finding(
          "broken",
          `The log's own checkpoint at row ${size} does not fit, or is not signed.`,
          size,
        )
      progress.covered = size
      next = sqlValues(after.get(size))
    },
  }
}

/** What no row's hash covers: texts without a row, and indexes, which queries go by. */
const checkAround = (database: Database.Database, chain: ChainCheck): void => {
  const stray = database
    .prepare<unknown[], unknown>("SELECT seq FROM payloads WHERE seq NOT IN (SELECT seq FROM rows) LIMIT 1")
    .pluck()
    .get()
  if (stray !== undefined)
    throw new Finding("broken", "There is a text that belongs to no row.", chain.seq + 1n)
  const integrity = database.pragma("integrity_check(1)", { simple: true })
  if (integrity !== "ok")
    throw new Finding("broken", "The rows are whole, but the database around them is damaged.")
}

const unreadable = (error: unknown, path: string, { chain }: Progress): string => {
  const code = error instanceof Error && "code" in error ? String(error.code) : String(error)
  const where = chain === undefined || chain.seq === 0n ? "" : ` after row ${chain.seq}`
  return `${path} cannot be read${where} (${code}). An intact database, and the right to read it, were expected; a copy has to be in a folder that can be written to.`
}
