import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import type { AuditFailure, AuditLog } from "../../ports/audit.ts"
import type { Child } from "../../ports/child.ts"
import type { Clock } from "../../ports/clock.ts"
import { AuditError } from "../../security/audit/audit-error.ts"
import { type ResourceHandle, resourceChild } from "../supervision/resource-child.ts"

/** An opened log; `lost` fails when it is gone by itself. */
export interface LosableAuditLog extends AuditLog {
  readonly lost: Effect.Effect<never, AuditFailure>
}

/** The log, whichever opening of it is up. */
export interface StandingAudit {
  /** The log of this moment: opened now where it is not, unless that was tried a moment ago. */
  readonly current: Effect.Effect<AuditLog, AuditFailure>
  /** Why it did not open when that was last tried; undefined where it is open, or nobody has tried. */
  failure(): AuditFailure | undefined
}

export interface StandingAuditOptions {
  /** Takes the one writer's lock for as long as its scope is open. */
  readonly open: Effect.Effect<LosableAuditLog, AuditFailure, Scope.Scope>
  /** Monotonic. */
  readonly clock: Clock
  /** False: not before somebody needs it. A process that may have nothing to write leaves the lock to others. */
  readonly atOnce?: boolean | undefined
}

/** Between two attempts: a caller in a hurry must not hammer a disk that is full. */
const RETRY_MS = 3000

/**
 * The audit log as a child. A log that does not open, or is lost, is a state and no crash: it is opened again for the next
 * who needs it. It closes with the child.
 */
export const auditChild = (options: StandingAuditOptions): Child<ResourceHandle<StandingAudit>> =>
  resourceChild({ id: "audit", acquire: standingAudit(options) })

/** The same without a supervisor. */
export const standingAudit = ({
  open,
  clock,
  atOnce = true,
}: StandingAuditOptions): Effect.Effect<StandingAudit, never, Scope.Scope> =>
  Effect.gen(function* () {
    const oneAtATime = Semaphore.makeUnsafe(1)
    let opened: { readonly log: LosableAuditLog; readonly scope: Scope.Closeable } | undefined
    let failed: { readonly failure: AuditFailure; readonly atMs: number } | undefined
    let isOver = false

    const close = Effect.suspend(() => {
      const closing = opened
      opened = undefined
      return closing === undefined ? Effect.void : Scope.close(closing.scope, Exit.void)
    })

    /** Its lock has to be free before it can be opened again. */
    const closeLost = (scope: Scope.Closeable) =>
      oneAtATime.withPermits(1)(Effect.suspend(() => (opened?.scope === scope ? close : Effect.void)))

    // Not interrupted half-way: an opening that nobody waits for any more still needs somebody to close it.
    const openNow: Effect.Effect<AuditLog, AuditFailure> = Effect.uninterruptible(
      Effect.suspend(() => {
        if (opened !== undefined) return Effect.succeed(opened.log)
        if (isOver) return Effect.fail(away())
        if (failed !== undefined && clock.now() - failed.atMs < RETRY_MS) return Effect.fail(failed.failure)
        const scope = Scope.makeUnsafe()
        return Scope.provide(open, scope).pipe(
          Effect.tap((log) =>
            Effect.sync(() => {
              opened = { log, scope }
              failed = undefined
              Effect.runFork(Effect.catchCause(log.lost, () => closeLost(scope)))
            }),
          ),
          Effect.tapError((failure) =>
            Effect.sync(() => {
              failed = { failure, atMs: clock.now() }
            }),
          ),
          Effect.onExit((exit) => (Exit.isFailure(exit) ? Scope.close(scope, exit) : Effect.void)),
        )
      }),
    )

    const current = Effect.suspend(() =>
      opened === undefined ? oneAtATime.withPermits(1)(openNow) : Effect.succeed(opened.log),
    )
    yield* Effect.addFinalizer(() =>
      Effect.suspend(() => {
        isOver = true
        return oneAtATime.withPermits(1)(close)
      }),
    )
    // Nobody has to wait for it until there is something to write.
    if (atOnce) yield* Effect.forkScoped(Effect.exit(current))
    return { current, failure: () => (opened === undefined ? failed?.failure : undefined) }
  })

const away = (): AuditFailure =>
  new AuditError({
    reason: "unavailable",
    message: "The audit log is closed: Jett is stopping, or starting it again. Try again in a moment.",
  })
