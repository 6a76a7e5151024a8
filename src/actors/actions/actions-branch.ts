import * as Effect from "effect/Effect"
import type { Scope } from "effect/Scope"
import * as Stream from "effect/Stream"
import type { AuditFailure } from "../../ports/audit.ts"
import type { Child } from "../../ports/child.ts"
import { AuditError } from "../../security/audit/audit-error.ts"
import { denialOf } from "../guard/denial-speech.ts"
import { makeGuard, offeredDefinitions } from "../guard/guard.ts"
import type { Guard, GuardOptions, OperationLimit } from "../guard/guard-types.ts"
import { Taint } from "../guard/taint.ts"
import { referTo } from "../supervision/child-reference.ts"
import { resourceChild } from "../supervision/resource-child.ts"
import type { SupervisedHandle } from "../supervision/supervisor.ts"
import { auditChild, type LosableAuditLog } from "./standing-audit.ts"

export interface ActionsBranchOptions extends Omit<GuardOptions, "audit" | "limit" | "taint"> {
  readonly openAudit: Effect.Effect<LosableAuditLog, AuditFailure, Scope>
  /** A fresh one for each life of the guard, which seeds it from the log. */
  readonly limit: () => OperationLimit
  /** False: the log is not opened before the first call. */
  readonly atOnce: boolean
}

export interface ActionsBranch {
  /** To be supervised, rest_for_one: the audit log, then the guard. */
  readonly children: readonly Child<SupervisedHandle>[]
  /** The guard of this moment; everything is refused while there is none. */
  readonly guard: Guard
  /** Why nothing can be done: the log did not open. */
  auditFailure(): AuditFailure | undefined
}

/** The actions' branch of the tree: without an audit log there is no guard, and without a guard nothing is done. */
export const actionsBranch = ({
  openAudit,
  limit,
  atOnce,
  ...options
}: ActionsBranchOptions): ActionsBranch => {
  // A conversation does not become clean because the guard began anew.
  const taint = new Taint()
  const audit = referTo(auditChild({ open: openAudit, clock: options.clock, atOnce }))
  const log = audit.current.pipe(
    Effect.mapError(
      ({ message }) =>
        new AuditError({ reason: "unavailable", message: `${message} It is on its way; try again.` }),
    ),
    Effect.flatMap(({ value }) => value.current),
  )
  const guard = referTo(
    resourceChild({
      id: "guard",
      acquire: Effect.suspend(() =>
        makeGuard({ ...options, audit: log, limit: limit(), taint, looksBack: atOnce }),
      ),
    }),
  )
  const now = (): Guard | undefined => guard.now()?.value
  return {
    children: [audit.child, guard.child],
    auditFailure: () => audit.now()?.value.failure(),
    guard: {
      definitions: offeredDefinitions(options.tools),
      call: (call, context) => Stream.suspend(() => now()?.call(call, context) ?? Stream.make(away)),
      answer: (answer) => Effect.suspend(() => now()?.answer(answer) ?? Effect.succeed("denied" as const)),
      withdraw: (consentId) => Effect.suspend(() => now()?.withdraw(consentId) ?? Effect.void),
      pending: () => now()?.pending(),
      confirm: (consentId, pin) =>
        Effect.suspend(
          () =>
            now()?.confirm(consentId, pin) ??
            Effect.succeed({ type: "pin-refused" as const, why: "not-pending" as const }),
        ),
      deny: (consentId) => Effect.suspend(() => now()?.deny(consentId) ?? Effect.void),
    },
  }
}

const away = denialOf("audit-unavailable")
