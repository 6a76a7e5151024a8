import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import * as Semaphore from "effect/Semaphore"
import type { AuditEntry, AuditFailure, AuditLog, AuditRow, OrphanIntent } from "../../../ports/audit.ts"
import type { OperationOutcome } from "../../../ports/guard.ts"

/** Orphans at a time: each may ask the engine. */
const AT_ONCE = 4

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
 * being carried out, and those of an earlier life of which nothing can be seen yet; as long as it is not, nothing begins.
 * The latter stay open and are looked at again: `settle`.
 */
export class AuditTrail {
  readonly #audit: Effect.Effect<AuditLog, AuditFailure>
  readonly #reconcile: (row: AuditRow) => Effect.Effect<Ending | undefined>
  readonly #recall: (log: AuditLog, unseen: readonly AuditRow[]) => Effect.Effect<void, AuditFailure>
  readonly #onSettled: (outcome: AuditRow) => void
  readonly #oneAtATime = Semaphore.makeUnsafe(1)
  /** Calls between their intent and their outcome. */
  readonly #open = new Set<string>()
  /** How calls ended whose outcome may not be on record. */
  readonly #unrecorded = new Map<string, Ending>()
  /** Open intents of which nothing can be seen, by their row's number. */
  readonly #unseen = new Map<number, AuditRow>()
  readonly #someUnseen = Latch.makeUnsafe(false)
  #recalled = false
  /** Counts the doubts; `#settled` is how many of them are cleared up. */
  #doubts = 1
  #settled = 0

  constructor(options: {
    readonly audit: Effect.Effect<AuditLog, AuditFailure>
    /** What became of an intent of an earlier life; undefined while nothing can be seen. */
    readonly reconcile: (row: AuditRow) => Effect.Effect<Ending | undefined>
    /** Learns what earlier lives did, once, as soon as the log is in order; `unseen` are intents that stay open. */
    readonly recall: (log: AuditLog, unseen: readonly AuditRow[]) => Effect.Effect<void, AuditFailure>
    /** Gets the outcome of an intent that had stayed open. */
    readonly onSettled: (outcome: AuditRow) => void
  }) {
    this.#audit = options.audit
    this.#reconcile = options.reconcile
    this.#recall = options.recall
    this.#onSettled = options.onSettled
  }

  /** Puts the log in order where it is not. */
  readonly inOrder: Effect.Effect<void, AuditFailure> = Effect.suspend(() =>
    this.#settled === this.#doubts ? Effect.void : this.#oneAtATime.withPermits(1)(this.#putInOrder),
  )

  /** Ends as soon as an intent has stayed open. */
  readonly someUnseen: Effect.Effect<void> = this.#someUnseen.await

  /** Looks again at the intents that stayed open, at those about one container where it is named; whether all are closed. */
  settle(container?: string): Effect.Effect<boolean, AuditFailure> {
    const about = () =>
      [...this.#unseen.values()].filter((row) => container === undefined || row.container === container)
    const settle = Effect.gen({ self: this }, function* () {
      // A row that was not acknowledged may be there all the same: an intent has one outcome.
      yield* this.#putInOrder
      const log = yield* this.#audit
      yield* Effect.forEach(about(), (row) => this.#lookAgain(log, row), {
        concurrency: AT_ONCE,
        discard: true,
      })
      return about().length === 0
    })
    return Effect.suspend(() =>
      about().length === 0 ? Effect.succeed(true) : this.#oneAtATime.withPermits(1)(settle),
    )
  }

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
        const isOrphan = new Set(orphans.map(({ row: { seq } }) => seq))
        for (const seq of this.#unseen.keys()) if (!isOrphan.has(seq)) this.#sees(seq)
        const left = orphans.filter(
          ({ row: { seq, callId } }) => !this.#unseen.has(seq) && (callId === undefined || !open.has(callId)),
        )
        yield* Effect.forEach(left, (orphan) => this.#close(log, orphan, known), {
          concurrency: AT_ONCE,
          discard: true,
        })
        if (!this.#recalled) {
          yield* this.#recall(log, [...this.#unseen.values()])
          this.#recalled = true
        }
        for (const callId of known.keys()) this.#unrecorded.delete(callId)
        this.#settled = doubts
      }),
    )
  })

  #lookAgain(log: AuditLog, row: AuditRow): Effect.Effect<void, AuditFailure> {
    return this.#close(log, { row }, new Map()).pipe(
      Effect.tap((closed) =>
        Effect.sync(() => {
          if (closed === undefined) return
          this.#sees(row.seq)
          this.#onSettled(closed)
        }),
      ),
      Effect.asVoid,
      Effect.onExit((exit) =>
        Effect.sync(() => {
          if (exit._tag === "Failure") this.#doubts++
        }),
      ),
    )
  }

  #sees(seq: number): void {
    this.#unseen.delete(seq)
    if (this.#unseen.size === 0) this.#someUnseen.closeUnsafe()
  }

  /** Its outcome's row; undefined where it stays open. */
  #close(
    log: AuditLog,
    { row }: OrphanIntent,
    known: ReadonlyMap<string, Ending>,
  ): Effect.Effect<AuditRow | undefined, AuditFailure> {
    return Effect.gen({ self: this }, function* () {
      const { seq, callId, turnId, conversationId, origin, tool, container, targetId, tier, tainted } = row
      const ending = (callId === undefined ? undefined : known.get(callId)) ?? (yield* this.#reconcile(row))
      if (ending === undefined) {
        this.#unseen.set(seq, row)
        this.#someUnseen.openUnsafe()
        return undefined
      }
      const about = { callId, turnId, conversationId, origin, tool, container, targetId, tier, tainted }
      return yield* log.append({ ...about, ...outcomeRow(ending) })
    })
  }
}
