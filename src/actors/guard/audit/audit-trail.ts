import * as Effect from "effect/Effect"
import * as Semaphore from "effect/Semaphore"
import type { AuditEntry, AuditFailure, AuditLog, AuditRow, OrphanIntent } from "../../../ports/audit.ts"
import type { OperationOutcome } from "../../../ports/guard.ts"

/** Orphans at a time: each may ask the engine. */
const AT_ONCE = 4
/** How far back an earlier life's calls are known. */
const RECALL_MS = 3_600_000
/** How far back the rate limit looks. */
const RATE_MS = 60_000

/** How an intent ended; `outcome` undefined: it was never begun, because of `reason`, a word of ours. */
export interface Ending {
  readonly outcome: OperationOutcome | undefined
  readonly reason: string | undefined
  readonly payload: Readonly<Record<string, unknown>> | undefined
}

/** The row that closes an intent. */
const outcomeRow = ({ outcome, reason, payload }: Ending) =>
  ({ kind: "outcome", decision: outcome ?? "not-begun", reason, payload }) as const

/**
 * The audit log as the guard uses it. It is in order when every intent in it has its outcome, but for those that are
 * being carried out; as long as it is not, nothing begins.
 */
export class AuditTrail {
  readonly #audit: Effect.Effect<AuditLog, AuditFailure>
  readonly #reconcile: (row: AuditRow) => Effect.Effect<Ending>
  readonly #recall: (rows: readonly AuditRow[], lastMinute: readonly AuditRow[]) => void
  readonly #oneAtATime = Semaphore.makeUnsafe(1)
  /** Calls between their intent and their outcome. */
  readonly #open = new Set<string>()
  /** How calls ended whose outcome may not be on record. */
  readonly #unrecorded = new Map<string, Ending>()
  #recalled = false
  /** Counts the doubts; `#settled` is how many of them are cleared up. */
  #doubts = 1
  #settled = 0

  constructor(options: {
    readonly audit: Effect.Effect<AuditLog, AuditFailure>
    /** What became of an intent of an earlier life. */
    readonly reconcile: (row: AuditRow) => Effect.Effect<Ending>
    /** Gets the rows of the last hour, and of the last minute, once, as soon as the log is in order. */
    readonly recall: (rows: readonly AuditRow[], lastMinute: readonly AuditRow[]) => void
  }) {
    this.#audit = options.audit
    this.#reconcile = options.reconcile
    this.#recall = options.recall
  }

  /** Puts the log in order where it is not. */
  readonly inOrder: Effect.Effect<void, AuditFailure> = Effect.suspend(() =>
    this.#settled === this.#doubts ? Effect.void : this.#oneAtATime.withPermits(1)(this.#putInOrder),
  )

  append(entry: AuditEntry): Effect.Effect<AuditRow, AuditFailure> {
    return Effect.flatMap(this.#audit, (log) => log.append(entry))
  }

  /** An intent. From here on the call is being carried out; without an acknowledgement nobody knows what the log holds. */
  begin(entry: AuditEntry & { readonly callId: string }): Effect.Effect<AuditRow, AuditFailure> {
    const { callId } = entry
    return Effect.suspend(() => {
      this.#open.add(callId)
      return Effect.onExit(this.append(entry), (exit) =>
        Effect.sync(() => {
          if (exit._tag === "Failure")
            this.#doubt(callId, { outcome: undefined, reason: "audit-unavailable", payload: undefined })
        }),
      )
    })
  }

  /** An outcome. What is not acknowledged is kept, and comes first when the log is back. */
  end(
    entry: AuditEntry & { readonly callId: string },
    ending: Ending,
  ): Effect.Effect<AuditRow, AuditFailure> {
    const { callId } = entry
    return Effect.onExit(this.append({ ...entry, ...outcomeRow(ending) }), (exit) =>
      Effect.sync(() => {
        if (exit._tag === "Failure") this.#doubt(callId, ending)
        else this.#open.delete(callId)
      }),
    )
  }

  /** The call is over. An intent that is still open got its acknowledgement when nobody waited for it any more. */
  over(callId: string, ending: Ending): void {
    if (this.#open.has(callId)) this.#doubt(callId, ending)
  }

  #doubt(callId: string, ending: Ending): void {
    this.#open.delete(callId)
    this.#unrecorded.set(callId, ending)
    this.#doubts++
  }

  readonly #putInOrder: Effect.Effect<void, AuditFailure> = Effect.suspend(() => {
    const doubts = this.#doubts
    if (this.#settled === doubts) return Effect.void
    return Effect.flatMap(this.#audit, (log) =>
      Effect.gen({ self: this }, function* () {
        const known = new Map(this.#unrecorded)
        // What was being carried out when the rows were read gets its outcome by itself, and may have it by now.
        const begun = [...this.#open]
        const orphans = yield* log.orphans
        const open = new Set([...begun, ...this.#open])
        const left = orphans.filter(({ row: { callId } }) => callId === undefined || !open.has(callId))
        yield* Effect.forEach(left, (orphan) => this.#close(log, orphan, known), {
          concurrency: AT_ONCE,
          discard: true,
        })
        if (!this.#recalled) {
          this.#recall(yield* log.recent(RECALL_MS), yield* log.recent(RATE_MS))
          this.#recalled = true
        }
        for (const callId of known.keys()) this.#unrecorded.delete(callId)
        this.#settled = doubts
      }),
    )
  })

  #close(
    log: AuditLog,
    { row }: OrphanIntent,
    known: ReadonlyMap<string, Ending>,
  ): Effect.Effect<void, AuditFailure> {
    return Effect.suspend(() => {
      const { callId } = row
      const ending = callId === undefined ? undefined : known.get(callId)
      return Effect.flatMap(ending === undefined ? this.#reconcile(row) : Effect.succeed(ending), (found) => {
        const { turnId, conversationId, origin, tool, container, targetId, tier, tainted } = row
        const about = { callId, turnId, conversationId, origin, tool, container, targetId, tier, tainted }
        return Effect.asVoid(log.append({ ...about, ...outcomeRow(found) }))
      })
    })
  }
}
