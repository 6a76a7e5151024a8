import { createHash } from "node:crypto"
import * as Effect from "effect/Effect"
import type {
  AuditEntry,
  AuditFailure,
  AuditKind,
  AuditLog,
  AuditRow,
  OrphanIntent,
} from "../../src/ports/audit.ts"

/** An audit log that keeps its rows in memory, and can be told to fail or to be slow. */
export interface MemoryAudit extends AuditLog {
  /** All rows, oldest first. */
  readonly rows: readonly AuditRow[]
  rowsOf(kind: AuditKind): readonly AuditRow[]
  /** From now on appending rows of these kinds fails and nothing is recorded; where none is named, reading fails too. */
  fail(reason: AuditFailure["reason"], ...kinds: readonly AuditKind[]): void
  /** From now on appends wait until `resume` is called: a slow disk. */
  pause(): void
  resume(): void
  /** Neither failing nor slow any more. */
  heal(): void
  /** How many appends wait for `resume`. */
  readonly waiting: number
}

export interface MemoryAuditOptions {
  /** Wall clock, ms. */
  readonly nowMs?: (() => number) | undefined
  /** What an earlier process wrote. */
  readonly earlier?: readonly (AuditEntry & { readonly atMs: number })[] | undefined
}

const failure = (reason: AuditFailure["reason"]): AuditFailure => ({
  _tag: "AuditError",
  reason,
  message: `The audit log of this test is ${reason}.`,
})

export const memoryAudit = ({ nowMs = Date.now, earlier = [] }: MemoryAuditOptions = {}): MemoryAudit => {
  const rows: AuditRow[] = []
  let failing: { readonly reason: AuditFailure["reason"]; readonly kinds: readonly AuditKind[] } | undefined
  let waiting: (() => void)[] = []
  let paused = false

  const record = (entry: AuditEntry, atMs: number): AuditRow => {
    const seq = rows.length + 1
    const hash = createHash("sha256")
      .update(`${seq} ${rows.at(-1)?.hash}`)
      .digest("hex")
    // A copy, as a database would keep it: what the caller changes later is not in the log.
    const row = { ...structuredClone(entry), seq, atMs, hash }
    rows.push(row)
    return row
  }

  const append = (entry: AuditEntry): Effect.Effect<AuditRow, AuditFailure> =>
    Effect.suspend(() => {
      if (failing !== undefined && (failing.kinds.length === 0 || failing.kinds.includes(entry.kind))) {
        return Effect.fail(failure(failing.reason))
      }
      return Effect.succeed(record(entry, nowMs()))
    })

  const read = <A>(what: () => A): Effect.Effect<A, AuditFailure> =>
    Effect.suspend(() =>
      failing?.kinds.length === 0 ? Effect.fail(failure(failing.reason)) : Effect.sync(what),
    )

  const turn = Effect.callback<void>((resume) => {
    if (paused) waiting.push(() => resume(Effect.void))
    else resume(Effect.void)
  })

  const resume = (): void => {
    const released = waiting
    paused = false
    waiting = []
    for (const go of released) go()
  }

  for (const { atMs, ...entry } of earlier) record(entry, atMs)

  return {
    rows,
    rowsOf: (kind) => rows.filter((row) => row.kind === kind),
    append: (entry) => Effect.flatMap(turn, () => append(entry)),
    recent: (ms) => read(() => rows.filter((row) => row.atMs >= nowMs() - ms)),
    orphans: read(() => orphansAmong(rows)),
    fail: (reason, ...kinds) => {
      failing = { reason, kinds }
    },
    pause: () => {
      paused = true
    },
    resume,
    heal: () => {
      failing = undefined
      resume()
    },
    get waiting() {
      return waiting.length
    },
  }
}

const orphansAmong = (rows: readonly AuditRow[]): readonly OrphanIntent[] =>
  rows
    .filter(({ kind }) => kind === "intent")
    .filter(
      ({ callId, seq }) => !rows.some((o) => o.kind === "outcome" && o.callId === callId && o.seq > seq),
    )
    .map((row) => ({ row }))
